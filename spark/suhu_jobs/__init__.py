"""What the Spark jobs of Suhu Gateway are made of; the entries (`alerts.py`) stand beside this package.

A reading's way through it: `streams` reads the topic, `transforms` keeps what is too hot, `streams` writes the alerts
topic, `reader` follows that topic, `warner` decides with the `ledger` what is still to be printed, `printing` prints.
`job` wires it, `supervision` keeps it running.
"""

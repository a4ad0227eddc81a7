"""The queries behind `pipeline.py`, each with its own checkpoint, all reading `sensor-suhu`.

A record's way through one: `streams` reads the topic, `judging` tells readings from what is none, `queries` names what
is made of them, `streams` writes it. `job` wires it, `supervision` keeps every query running by itself.
"""

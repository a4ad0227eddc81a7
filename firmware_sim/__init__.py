"""Simulated temperature devices on pseudo-terminals, TCP and MQTT, with a ground truth of what they sent.

Pure core (no I/O, no clock): `physics`, `curves`, `encoders`, `script`, `wire`. Thin outlets: `pty_link`, `tcp_server`,
`mqtt_client`. `playback` moves one device through real time; `fleet` is the only wiring.
"""

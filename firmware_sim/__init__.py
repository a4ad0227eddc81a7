"""Simulated temperature devices on pseudo-terminals, TCP and MQTT, with a ground truth of what they sent.

Data: `personalities.toml`, how each device family writes its readings down. Pure core (no I/O, no clock): `curves` and
`physics` (what a machine does), `probe` (what its sensor shows), `speech`, `sparkplug`, `modbus_rtu` and `commands`
(what the device makes of it), `disturbance` (what befalls that on its way), `script` (all of it, in order). Thin
outlets: `pty_link`, `tcp_server`, `mqtt_client`. `playback` and `conversation` move a device through real time;
`fleet` is the only wiring.
"""

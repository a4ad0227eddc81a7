"""MQTT messages that are no reading: sensor and payload."""

POISON: list[tuple[str, bytes]] = [
    ("P1", b"{"),
    ("P1", b'{"suhu": NaN}'),
    ("P1", b'{"suhu": 1e309}'),
    ("P1", b'{"suhu": "hot"}'),
    ("P1", b'{"suhu": -274}'),
    ("P1", b"[" * 100_000),
    ("P1", b"x" * 262_144),
    ("P1", b"\xff\xfe\x00"),
    ("P1", b""),
    ("\u6e29\u5ea6\U0001f321", b"{}"),
    ("P" * 129, b'{"suhu": 1.0}'),
]

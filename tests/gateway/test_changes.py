from gateway.changes import changes
from gateway.config import check


def test_every_key_that_differs_is_named_with_both_values() -> None:
    old = check({"gateway": {"interval_s": 1.0}, "serial": [{"port": "/dev/a"}], "mqtt": [{"host": "b"}]}, "old")
    new = check({"gateway": {"interval_s": 0.5}, "serial": [{"port": "/dev/c"}], "simulator": {"seed": 2}}, "new")
    assert changes(old, new) == [
        "gateway.interval_s: 1.0 -> 0.5",
        "serial[1].port: /dev/a -> /dev/c",
        "mqtt[1].host: b -> unset",
        "mqtt[1].port: 1883 -> unset",
        "mqtt[1].topics: ['suhu/{sensor_id}'] -> unset",
        "simulator.sensors: unset -> ['S1', 'S2', 'S3']",
        "simulator.seed: unset -> 2",
        "simulator.interval_s: unset -> 1.0",
    ]


def test_nothing_is_named_when_nothing_differs() -> None:
    config = check({"serial": [{"port": "/dev/a"}]}, "file")
    assert changes(config, config) == []

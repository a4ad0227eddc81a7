from gateway.changes import changes
from gateway.config import check

SERIAL = {"serial": [{"port": "/dev/a"}]}


def test_every_key_that_differs_is_named_with_both_values() -> None:
    old = check({"gateway": {"interval_s": 1.0}, "serial": [{"port": "/dev/a"}, {"port": "/dev/b"}]}, "old")
    new = check({"gateway": {"interval_s": 0.5}, "serial": [{"port": "/dev/a"}, {"port": "/dev/c"}]}, "new")
    assert changes(old, new) == ["gateway.interval_s: 1.0 -> 0.5", "serial[2].port: /dev/b -> /dev/c"]


def test_a_table_that_came_is_named_key_by_key() -> None:
    assert changes(check(SERIAL, "old"), check({**SERIAL, "simulator": {"seed": 2}}, "new")) == [
        "simulator.sensors: unset -> ['S1', 'S2', 'S3']",
        "simulator.seed: unset -> 2",
        "simulator.interval_s: unset -> 1.0",
    ]


def test_a_table_that_went_is_named_key_by_key() -> None:
    assert "simulator.seed: 2 -> unset" in changes(
        check({**SERIAL, "simulator": {"seed": 2}}, "old"), check(SERIAL, "new")
    )


def test_nothing_is_named_when_nothing_differs() -> None:
    assert changes(check(SERIAL, "file"), check(SERIAL, "file")) == []

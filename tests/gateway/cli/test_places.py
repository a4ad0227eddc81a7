from gateway.cli.places import places

TEXT = """
# a comment = 1
top = 1
[gateway]
id = "x"  # = 3

[[serial]]
port = "/dev/a"
[[serial]]
  port = "/dev/b"
[[mqtt]]
[[mqtt.devices]]
topics = [
  "a",
]
[[mqtt]]
[[mqtt.devices]]
[[mqtt.devices]]
topics = ["b"]
[kafka]
a.b = 1
"""


def test_each_key_has_its_line_and_tables_are_counted_from_1() -> None:
    assert places(TEXT) == {
        "top": 3,
        "gateway": 4,
        "gateway.id": 5,
        "serial[1]": 7,
        "serial[1].port": 8,
        "serial[2]": 9,
        "serial[2].port": 10,
        "mqtt[1]": 11,
        "mqtt[1].devices[1]": 12,
        "mqtt[1].devices[1].topics": 13,
        "mqtt[2]": 16,
        "mqtt[2].devices[1]": 17,
        "mqtt[2].devices[2]": 18,
        "mqtt[2].devices[2].topics": 19,
        "kafka": 20,
        "kafka.a.b": 21,
    }

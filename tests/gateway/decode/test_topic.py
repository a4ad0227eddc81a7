import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.decode import Decoded, Device, TopicDecoder
from gateway.decode.topic_rules import RULES


def read(decoder: TopicDecoder, topic: str, payload: str, sensor_id: str | None = None) -> list[tuple[str, float]]:
    return [(one.sensor_id, one.celsius) for one in decoder.decode(topic, payload.encode(), sensor_id).found]


def reason(decoder: TopicDecoder, topic: str, payload: str, sensor_id: str | None = None) -> str:
    (refused,) = decoder.decode(topic, payload.encode(), sensor_id).refused
    return refused.reason


def test_a_number_is_a_temperature_on_a_topic_that_the_user_calls_one() -> None:
    decoder = TopicDecoder(Device())
    assert read(decoder, "suhu/S1", "70.25", "S1") == [("S1", 70.25)]
    assert reason(decoder, "suhu/S1/rpm", "70.25") == "no_sensor_id"


def test_a_template_names_the_device_of_what_names_no_hardware() -> None:
    decoder = TopicDecoder(Device())
    assert read(decoder, "zigbee2mqtt/oven", '{"temperature":70.5}', "tungku") == [("tungku", 70.5)]
    assert read(decoder, "tele/t1/SENSOR", '{"DS18B20":{"Id":"030597946B04","Temperature":20.9}}', "x") == [
        ("030597946B04", 20.9)
    ]


def test_the_fahrenheit_twin_of_a_topic_is_read_only_as_long_as_there_is_no_other() -> None:
    decoder = TopicDecoder(Device())
    assert read(decoder, "shellies/s1/ext_temperature_f/0", "212") == [("s1/0", 100.0)]
    assert read(decoder, "shellies/s1/ext_temperature/0", "101") == [("s1/0", 101.0)]
    assert reason(decoder, "shellies/s1/ext_temperature_f/0", "212") == "twin"
    assert read(decoder, "shellies/s2/ext_temperature_f/0", "212") == [("s2/0", 100.0)]


def test_85_of_a_ds18b20_is_kept_and_marked() -> None:
    decoder = TopicDecoder(Device())
    (found,) = decoder.decode("tele/t/SENSOR", b'{"DS18B20":{"Id":"030597946B04","Temperature":85.0}}').found
    assert found.suspect
    (found,) = decoder.decode("tele/t/SENSOR", b'{"BME280":{"Temperature":85.0}}').found
    assert not found.suspect


def test_an_announcement_tells_the_unit_until_it_is_withdrawn() -> None:
    decoder = TopicDecoder(Device())
    config = '{"stat_t":"a/oven","dev_cla":"temperature","unit_of_meas":"°F"}'
    assert reason(decoder, "a/oven", "212") == "no_sensor_id"
    assert reason(decoder, "homeassistant/sensor/oven/config", config) == "announcement"
    assert read(decoder, "a/oven", "212") == [("a/oven", 100.0)]
    assert reason(decoder, "homeassistant/sensor/oven/config", "") == "empty"
    assert reason(decoder, "a/oven", "212") == "no_sensor_id"


def test_an_announced_error_holds_until_it_is_cleared() -> None:
    decoder = TopicDecoder(Device())
    topic = "/devices/wb-w1/controls/28-00000a013d97"
    assert reason(decoder, f"{topic}/meta/error", "r") == "announcement"
    assert reason(decoder, topic, "23.5") == "stale"
    assert reason(decoder, f"{topic}/meta/error", "") == "empty"
    assert read(decoder, topic, "23.5") == [("wb-w1/28-00000a013d97", 23.5)]


@pytest.mark.parametrize(
    ("topic", "payload", "moment"),
    [
        ("s/status/temperature:0", {"tC": 20.0, "ts": 1}, None),
        ("s/events/rpc", {"method": "NotifyStatus", "params": {"ts": 1680962879.5, "temperature:0": {"tC": 20.0}}},
         datetime(2023, 4, 8, 14, 7, 59, 500000, tzinfo=UTC)),
        ("a/b", {"temperature": 20, "ts": 1680962879000}, datetime(2023, 4, 8, 14, 7, 59, tzinfo=UTC)),
        ("a/b", {"temperature": 20, "timestamp": "2023-04-08T14:07:59Z"}, datetime(2023, 4, 8, 14, 7, 59, tzinfo=UTC)),
        ("a/b", {"temperature": 20, "timestamp": 1680962879}, None),  # or seconds since the device was switched on
        ("tele/t/SENSOR", {"Time": "2023-04-08T14:07:59", "X": {"Temperature": 20}}, None),  # in no zone
    ],
)  # fmt: skip
def test_the_device_s_time_is_taken_only_where_it_is_certain(
    topic: str, payload: object, moment: datetime | None
) -> None:
    (found,) = TopicDecoder(Device()).decode(topic, json.dumps(payload).encode()).found
    assert found.measured_at == moment


def test_what_the_user_describes_is_read_as_described() -> None:
    lpp = TopicDecoder(Device(decoder="cayenne_lpp"))
    assert read(lpp, "lora/d1", "01670110") == [("lora/d1/temperature_1", 27.2)]
    assert read(lpp, "lora/d1", "AWcBEA==") == [("lora/d1/temperature_1", 27.2)]
    paths = TopicDecoder(Device.model_validate({"json_paths": [{"path": "s[1].t", "unit": "F", "id": "x"}]}))
    assert read(paths, "plc/1", '{"s":[{"t":1},{"t":212}]}') == [("x", 100.0)]
    assert reason(paths, "plc/1", '{"s":[{"t":1}]}') == "no_temperature"
    tenths = TopicDecoder(Device.model_validate({"sensor_id": "tank", "scale": 0.1}))
    assert read(tenths, "plc/2", "235") == [("tank", 23.5)]


def test_each_refusing_rule_stands_before_the_one_that_would_read() -> None:
    """A rule that can never match, because an earlier one of its family takes all its topics, is a mistake."""
    filters = [rule.filter for rule in RULES]
    for place, rule in enumerate(RULES):
        covering = [one for one in filters[:place] if one.endswith("/#") and rule.filter.startswith(one[:-1])]
        assert not covering, (rule.filter, covering)


TOPICS = st.sampled_from(sorted({rule.filter.replace("#", "a/b").replace("+", "x") for rule in RULES})) | st.text(
    max_size=60
)
KEYS = st.sampled_from(
    ["temperature", "temp_f", "tC", "value", "unit", "id", "Id", "ts", "q", "status", "error", "params", "state",
     "reported", "uplink_message", "decoded_payload", "values", "v", "n", "bn", "u", "from", "type", "payload", "data",
     "print", "dtype", "svalue1", "Messages", "Payload", "NodeId", "Value", "thermostats", "tmp", "stat_t", "cmps"]
) | st.text(max_size=6)  # fmt: skip
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.sampled_from(["°F", "23.5"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
PAYLOADS = st.binary(max_size=300) | DOCUMENTS.map(lambda document: json.dumps(document).encode())
DEVICES = st.sampled_from(
    [Device()] + [Device(decoder=name) for name in ("senml", "sparkplug_b", "ruuvi_df5", "cayenne_lpp", "json")]
)


def sound(decoded: Decoded) -> bool:
    return bool(decoded.found or decoded.refused) and all(
        -273.15 <= one.celsius <= 10_000 and 0 < len(one.sensor_id) <= 128 for one in decoded.found
    )


@settings(max_examples=400)
@given(DEVICES, st.lists(st.tuples(TOPICS, PAYLOADS), min_size=1, max_size=4))
def test_any_messages_give_temperatures_in_range_or_a_reason(device: Device, messages: list[tuple[str, bytes]]) -> None:
    decoder = TopicDecoder(device)
    for topic, payload in messages:
        assert sound(decoder.decode(topic, payload))


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" + b'{"id":1},' * 7_000 + b"{}]",
        b'[{"temperature":1},' * 3_000,
        b'{"' + b"temp" * 10_000 + b'":1}',
        b'{"temperature":' + b"9" * 60_000 + b"}",
        b'{"temperature":1' + b" " * 60_000 + b"}",
        b"9" * 60_000,
        b"1" + b" " * 60_000,
        b"x" * 70_000,
    ],
)
def test_large_payloads_end_in_a_reason_or_a_reading(payload: bytes) -> None:
    assert sound(TopicDecoder(Device()).decode("plant/oven/temperature", payload))


def test_the_configured_kind_of_sensor_limits_what_its_messages_can_say() -> None:
    decoder = TopicDecoder(Device(device="ds18b20"))
    assert [one.reason for one in decoder.decode("plant/oven", b'{"temperature": 125.5}').refused] == ["out_of_range"]
    found = [decoder.decode("plant/oven/temperature", value).found[0] for value in (b"84.5", b"85.0", b"85.5")]
    assert [(one.celsius, one.suspect) for one in found] == [(84.5, False), (85.0, True), (85.5, False)]


@pytest.mark.parametrize(
    ("topic", "payload", "keys"),
    [
        ("plant/oven/temperature", b"500", {"scale": 0.1}),
        ("plant/oven", b'{"sensor_id": "S1", "suhu": 500.0}', {}),
        ("plant/oven", b'{"x": {"temperature": 500}}', {}),
        ("plant/oven", b'{"t": 500}', {"json_paths": [{"path": "t", "scale": 0.1}]}),
        ("zigbee2mqtt/oven", b'{"temperature": 500}', {}),
        ("line1", b'[{"id": "7", "value": 500}]', {"decoder": "tag_list", "tags": {"7": {"scale": 0.1}}}),
    ],
)
def test_configured_values_that_mean_no_reading_are_refused(topic: str, payload: bytes, keys: dict[str, Any]) -> None:
    assert TopicDecoder(Device.model_validate(keys)).decode(topic, payload, "S1").found
    (refused,) = TopicDecoder(Device.model_validate({"invalid": [500], **keys})).decode(topic, payload, "S1").refused
    assert refused.reason == "sentinel"

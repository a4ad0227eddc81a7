import pytest

from gateway.decode import Found
from gateway.decode.json_text import decode_json
from gateway.decode.quantity import measured
from gateway.errors import FrameError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '23:58:41.123 MQT: tele/ds1820/SENSOR = {"DS18B20":{"Id":"0305","Temperature":68},"TempUnit":"F"}',
            [Found("0305", 20.0)],
        ),
        ('00:00:09 MQT: tele/ds1820/SENSOR = {"DS18B20":{"Temperature":20.9}}', [Found("ds1820/DS18B20", 20.9)]),
        (
            'TheengsDecoder found device: {"id":"AA:BB:CC:DD:EE:FF","name":"ATC","tempc":26.3,"tempf":79.34}',
            [Found("AA:BB:CC:DD:EE:FF", 26.3)],
        ),
        ('{"id":"k7","temp_f":212.0}', [Found("k7", 100.0)]),
        ('{"a":{"temperature":20},"b":{"temperature":21}}', [Found("tty/a", 20.0), Found("tty/b", 21.0)]),
    ],
)
def test_json_of_a_console(text: str, expected: list[Found]) -> None:
    assert decode_json(text, "tty") == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('00:00:09 MQT: stat/x/RESULT = {"Temperature":20.9}', "not_measured"),
        ('setpoint: {"temperature":20.9}', "not_measured"),
        ("MQTT publish: topic 'x', payload '{\"temperature\":21.4}'", "bad_json"),
        ('{"a":[{"temperature":20},{"temperature":21}]}', "ambiguous"),
        ('{"temperature":327.67}', "sentinel"),
        ('{"temperature":20,"error":1}', "bad_quality"),
    ],
)
def test_what_is_no_measurement_is_refused(text: str, reason: str) -> None:
    with pytest.raises(FrameError) as caught:
        decode_json(text, "tty")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("name", "channel", "unit"),
    [
        ("temperature", "", None),
        ("suhu_c", "", "C"),
        ("tC", "", "C"),
        ("tempf", "", "F"),
        ("tempc2", "2", "C"),
        ("tempinf", "in", "F"),
        ("outTemp_C", "outTemp", "C"),
        ("temperature_1_C", "temperature_1", "C"),
        ("TempC_SHT", "TempC_SHT", "C"),
        ("OBJTMP", "OBJTMP", None),
        ("MAX31855 Temperature", "MAX31855 Temperature", None),
        ("Channel1.Device1.OvenTemp", "Channel1.Device1.OvenTemp", None),
    ],
)
def test_names_of_measured_temperatures(name: str, channel: str, unit: str | None) -> None:
    named = measured(name)
    assert named is not None
    assert (named.channel, named.unit) == (channel, unit)


@pytest.mark.parametrize(
    "name",
    ["color_temp", "DewPoint", "dewpoint_C", "temperature_setpoint", "selflowtemp", "ecotemp", "temp_max", "MaxTemp",
     "over_temperature", "temperature_alarm", "temp_x10", "temp_sensor_battery", "template", "attempt", "tempc_min",
     "tempc2_dp", "OvenTempSP", "local_temperature_calibration", "target_temper", "TempUnit", "x" * 200],
)  # fmt: skip
def test_names_that_are_none(name: str) -> None:
    assert measured(name) is None

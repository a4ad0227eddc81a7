"""What each family sends, word for word: literals held against the sources that personalities.toml names."""

from typing import Any

import pytest

from firmware_sim.device import Device, MqttDevice, TcpDevice
from firmware_sim.faults import Wire
from firmware_sim.frame import Frame, Reading
from firmware_sim.personality import personalities
from firmware_sim.script import script
from firmware_sim.speech import Speech


def device(family: str, **keys: Any) -> Device:
    if Wire.MQTT in personalities()[family].wires and Wire.LINE not in personalities()[family].wires:
        return MqttDevice.model_validate({"transport": "mqtt", "name": "press-1", "format": family} | keys)
    return TcpDevice.model_validate({"transport": "tcp", "name": "press-1", "format": family} | keys)


def first_frame(family: str, **keys: Any) -> Frame:
    frame = next(iter(script(device(family, **keys), seed=1)))
    assert isinstance(frame, Frame)
    return frame


SERIAL_LINES = {
    "id-value": "S1 65.06\r\n",
    "labelled": "sensor_id: S1, suhu: 65.06°C\r\n",
    "short": "T=65.1C\r\n",
    "json": '{"sensor_id":"S1","suhu":65.06}\r\n',
    "number": "65.06\r\n",
    "dallas": "Requesting temperatures...DONE\r\nTemp C: 65.06 Temp F: 149.11\r\n",
    "dallas-multiple": (
        "Requesting temperatures...DONE\r\n"
        "Device Address: 281D3931020000F0 Temp C: 66.00 Temp F: 150.80\r\n"
        "Device Address: 283F1C3102000002 Temp C: 65.81 Temp F: 150.46\r\n"
    ),
    "dht": "Humidity: 45.20%  Temperature: 65.10°C 149.18°F  Heat index: 25.31°C 77.56°F\r\n",
    "max6675": "C = 65.00\r\nF = 149.00\r\n",
    "max31855": "Internal Temp = 24.56\r\nC = 65.00\r\n",
    "mlx90614": "Ambient = 65.38*C\tObject = 64.68*C\r\nAmbient = 149.68*F\tObject = 148.42*F\r\n\r\n",
    "bme280": (
        "Temperature = 65.06 °C\r\nPressure = 1009.54 hPa\r\nApprox. Altitude = 31.06 m\r\nHumidity = 45.20 %\r\n\r\n"
    ),
    "json-line": '{"id":"S1","temp":65.1,"unit":"C"}\n',
    "nmea-xdr": "$WIXDR,C,66.2,C,0,C,65.3,C,1,H,50.1,P,0*61\r\n",
    "nmea-mtw": "$YXMTW,65.1,C*10\r\n",
    "vaisala-hmt": "RH= 43.0 %RH T= 65.1 'C\r\n",
    "vaisala-wxt": "0R2,Ta=65.1C,Ua=14.2P,Pa=1026.6H\r\n",
    "temper": "Temp-Inner:65.09 [C],41.20 [%RH]<",
    "digitemp": "Jan 11 00:00:00 Sensor 0 C: 66.25 F: 151.25\n",
    "esphome-log": (
        "\x1b[0;36m[00:00:00][D][sensor:094]: 'tank_temperature': Sending state 65.60000 °C"
        " with 1 decimals of accuracy\x1b[0m\r\n"
    ),
    "marlin": " T:65.88 /210.00 B:65.05 /210.00 @:79 B@:35\n",
    "tasmota-console": (
        '00:00:00.123 MQT: tele/press-1/SENSOR = {"Time":"2026-01-01T00:00:00",'
        '"DS18B20":{"Id":"030597946B04","Temperature":65.0},"TempUnit":"C"}\r\n'
    ),
}
MESSAGES = {
    "tasmota": (
        "tele/press-1/SENSOR",
        '{"Time":"2026-01-01T00:00:00","DS18B20-1":{"Id":"00000566CC39","Temperature":65.5},'
        '"DS18B20-2":{"Id":"0000059352D4","Temperature":65.2},"TempUnit":"C"}',
    ),
    "zigbee2mqtt": (
        "zigbee2mqtt/office_probe",
        '{"battery":92.5,"humidity":46.4,"linkquality":128,"temperature":65.7,"voltage":2900}',
    ),
    "shelly1": ("shellies/press-1/ext_temperature/0", "66.25"),
    "shelly2": (
        "press-1/events/rpc",
        '{"src":"press-1","dst":"press-1/events","method":"NotifyStatus","params":{"ts":1767225600.00,'
        '"temperature:100":{"id":100,"tC":64.9,"tF":148.8}}}',
    ),
    "esphome": ("press-1/sensor/living_room_temperature/state", "65.6"),
    "senml": (
        "sensors/press-1/senml",
        '[{"bn":"urn:dev:ow:","bt":1767225600.000,"bu":"Cel"},'
        '{"n":"10e2073a01080063","v":65.08},{"n":"10e2073a01080064","v":65.36}]',
    ),
    "theengs": (
        "home/OpenMQTTGateway/BTtoMQTT/AABBCCDDEEFF",
        '{"id":"AABBCCDDEEFF","rssi":-90,"brand":"Xiaomi","model":"LYWSD03MMC","model_id":"LYWSD03MMC_ATC",'
        '"type":"THB","tempc":65.4,"tempf":149.72,"hum":49,"batt":29,"volt":2.487}',
    ),
}
SENTINELS = {
    ("dallas", "disconnected"): "Requesting temperatures...DONE\r\nTemp C: -127.00 Temp F: -196.60\r\n",
    ("dallas", "power-on"): "Requesting temperatures...DONE\r\nTemp C: 85.00 Temp F: 185.00\r\n",
    ("dallas", "unreadable"): "Requesting temperatures...DONE\r\nError: Could not read temperature data\r\n",
    ("dht", "unreadable"): "Failed to read from DHT sensor!\r\n",
    ("max6675", "open"): "C = nan\r\nF = nan\r\n",
    ("max31855", "open"): (
        "Internal Temp = 24.56\r\nThermocouple fault(s) detected!\r\nFAULT: Thermocouple is open - no connections.\r\n"
    ),
    ("json-line", "missing"): '{"id":"S1","temp":null,"unit":"C"}\n',
    ("nmea-mtw", "missing"): "$YXMTW,,C*0C\r\n",
    ("nmea-mtw", "invalid"): "$YXMTW,999.9,C*22\r\n",
    ("vaisala-hmt", "invalid"): "RH= 43.0 %RH T= ***** 'C\r\n",
    ("vaisala-wxt", "invalid"): "0R2,Ta=23.6#,Ua=14.2P,Pa=1026.6H\r\n",
    ("zigbee2mqtt", "minus-100"): (
        '{"battery":92.5,"humidity":46.4,"linkquality":128,"temperature":-100.0,"voltage":2900}'
    ),
    ("shelly1", "no-probe"): "999.00",
    ("esphome", "missing"): "nan",
}


@pytest.mark.parametrize(("family", "text"), SERIAL_LINES.items())
def test_a_line_is_what_the_family_prints(family: str, text: str) -> None:
    assert first_frame(family).data.decode() == text


def test_latin1_degree_sign_is_one_byte() -> None:
    assert first_frame("dht-latin1").data == (
        b"Humidity: 45.20%  Temperature: 65.10\xb0C 149.18\xb0F  Heat index: 25.31\xb0C 77.56\xb0F\r\n"
    )


@pytest.mark.parametrize(("family", "message"), MESSAGES.items())
def test_a_message_is_what_the_family_publishes(family: str, message: tuple[str, str]) -> None:
    frame = first_frame(family)
    assert (frame.topic, frame.data.decode()) == message


def test_every_family_that_speaks_by_itself_is_among_these() -> None:
    speaking = {name for name, family in personalities().items() if Wire.POLL not in family.wires}
    assert speaking - SERIAL_LINES.keys() - MESSAGES.keys() == {"dht-latin1", "sparkplug-b"}


@pytest.mark.parametrize(("case", "text"), SENTINELS.items())
def test_a_sentinel_is_no_reading(case: tuple[str, str], text: str) -> None:
    family, which = case
    frame = first_frame(family, fault=[{"kind": "sentinel", "which": which}])
    assert (frame.data.decode(), frame.readings, frame.faults) == (text, (), ("sentinel",))


def test_a_sentinel_of_one_sensor_leaves_the_other_alone() -> None:
    frame = first_frame("tasmota", fault=[{"kind": "sentinel", "sensors": ["00000566CC39"]}])
    assert b'"DS18B20-1":{"Id":"00000566CC39","Temperature":null}' in frame.data
    assert frame.readings == (Reading("0000059352D4", 65.2),)


def test_readings_are_what_the_text_says_and_whose_it_is() -> None:
    assert first_frame("dallas-multiple").readings == (
        Reading("281D3931020000F0", 66.0),
        Reading("283F1C3102000002", 65.81),
    )


def test_the_cold_junction_may_come_out_and_need_not() -> None:
    frame = first_frame("max31855")
    assert (frame.readings, frame.allowed) == ((Reading("S1", 65.0),), (Reading("Internal", 24.56),))


def test_what_goes_beside_a_message_is_no_reading_of_its_own() -> None:
    frames = [frame for frame in script(device("shelly1", count=1), seed=1) if isinstance(frame, Frame)]
    assert [(frame.topic, frame.data, frame.readings, frame.allowed) for frame in frames] == [
        ("shellies/press-1/ext_temperature/0", b"66.25", (Reading("0", 66.25),), ()),
        ("shellies/press-1/ext_temperature_f/0", b"151.25", (), (Reading("0", 66.25),)),
        ("shellies/press-1/relay/0", b"off", (), (Reading("0", 66.25),)),
    ]


def test_births_and_the_will_of_tasmota() -> None:
    speech = Speech(device("tasmota"), 0.0)
    assert [(frame.topic, frame.data, frame.retain) for frame in speech.births()] == [
        ("tele/press-1/LWT", b"Online", True)
    ]
    will = speech.will()
    assert will is not None
    assert (will.topic, will.data, will.retain) == ("tele/press-1/LWT", b"Offline", True)


def test_a_topic_of_ones_own_wins() -> None:
    assert first_frame("esphome", topic="plant/{device}/{sensor_id}").topic == "plant/press-1/living_room_temperature"

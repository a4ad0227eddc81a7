from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from firmware_sim.curves import Curve
from firmware_sim.device import MqttDevice, OnClose, PtyDevice, TcpDevice
from firmware_sim.errors import ScenarioError
from firmware_sim.scenario import load

SAMPLE = Path(__file__).parents[2] / "firmware_sim" / "sample-scenario.toml"
PTY = '[[device]]\ntransport = "pty"\nname = "press-1"\nlink = "/tmp/x"\nsensors = ["S1"]\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mqtt(**keys: Any) -> MqttDevice:
    return MqttDevice.model_validate({"transport": "mqtt", "name": "oven-1", "sensors": ["S1"]} | keys)


def test_the_sample_is_a_scenario() -> None:
    scenario = load(SAMPLE)
    assert [type(device) for device in scenario.device] == [PtyDevice, TcpDevice, MqttDevice]
    assert [device.name for device in scenario.device] == ["press-1", "bus-2", "oven-1"]
    assert scenario.device[0].format == "dallas"


def test_the_sample_names_every_key() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    for kind in (PtyDevice, TcpDevice, MqttDevice):
        for key in kind.model_fields.keys() - {"fault"}:
            assert f"\n{key} = " in text or f"\n# {key} = " in text, key


def test_defaults(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, PTY))
    device = scenario.device[0]
    assert isinstance(device, PtyDevice)
    assert (scenario.seed, device.curve, device.format, device.rate) == (1, Curve.STEADY, "id-value", 1.0)
    assert (device.boot_s, device.banner, device.on_close, device.pace) == (0.2, True, OnClose.PAUSE, None)
    assert (device.resolution_celsius, device.count) == (0.01, None)


def test_mqtt_defaults() -> None:
    device = mqtt()
    assert (device.host, device.port, device.format, device.retain) == ("127.0.0.1", 1883, "json", False)
    assert device.topic is None


def test_a_given_seed_wins(tmp_path: Path) -> None:
    assert load(written(tmp_path, "seed = 3\n" + PTY)).seed == 3
    assert load(written(tmp_path, "seed = 3\n" + PTY), seed=9).seed == 9


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "device: Field required"),
        ("device = []", "device: no device"),
        ("= 3", "is not TOML: "),
        (PTY + "rate = 0", "device 1, rate: Input should be greater than 0"),
        (PTY + PTY + "topic = 'x'", "device 2, topic: not known here"),
        (PTY + "overheats = ['S2']", "device 1: overheats names S2, which is not among sensors"),
        (PTY + "pace = 'fast'", "device 1, pace: a speed is a number of baud, or (for pty) client"),
        (PTY + PTY, "device: two devices have the same name"),
        (PTY + PTY.replace("press-1", "press-2"), "device: two devices have the same link"),
        (PTY.replace('"S1"', '"S1", "S1"'), "device 1, sensors: a sensor is named twice"),
        (PTY.replace('"S1"', '"S 1"'), "device 1, sensors, 0: String should match pattern"),
        (PTY.replace('"S1"', '"S1", "S2"') + "format = 'short'", "format short does not say which sensor it is from"),
        (PTY + "format = 'thermo'", "device 1, format: no personality is called thermo; python -m firmware_sim --list"),
        (PTY + "format = 'tasmota'", "device 1, format: tasmota speaks over mqtt, not over this transport"),
        (PTY + "format = 'adam'\ncount = 3", "device 1: count has no meaning for a device that is polled"),
        (
            PTY + "[[device.fault]]\nkind = 'gremlin'",
            "device 1, fault, 0: no fault is called gremlin; there are drift, ",
        ),
        (PTY + "[[device.fault]]\nkind = 'cut'\ntimes = 3", "device 1, fault, 0: times has no meaning for cut"),
        (PTY + "[[device.fault]]\nkind = 'echo'", "device 1: fault echo: cannot happen to this device"),
        (PTY + "[[device.fault]]\nkind = 'sentinel'", "device 1: fault sentinel: id-value has none"),
        (PTY + "[[device.fault]]\nkind = 'wrong-checksum'", "device 1: fault wrong-checksum: id-value has no checksum"),
        (PTY + "[[device.fault]]\nkind = 'stuck'\nsensors = ['S9']", "fault stuck: S9 is not among sensors"),
        (
            PTY + "format = 'dallas'\n[[device.fault]]\nkind = 'sentinel'\nwhich = 'open'",
            "device 1: fault sentinel: dallas has disconnected, power-on, unreadable",
        ),
        (PTY.replace('transport = "pty"\n', ""), "device 1: transport is missing: pty, tcp or mqtt"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        load(written(tmp_path, text))
    assert words in str(raised.value)
    assert str(tmp_path / "scenario.toml") in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"cannot read the scenario .*: No such file or directory"):
        load(tmp_path / "scenario.toml")


@pytest.mark.parametrize("topic", ["suhu/#", "suhu/+/x", "suhu/{machine}", "suhu/{}", "suhu/{sensor_id"])
def test_a_topic_that_cannot_be_published_to_is_refused(topic: str) -> None:
    with pytest.raises(ValidationError):
        mqtt(topic=topic)


def test_payload_may_be_nameless_when_the_topic_names_the_sensor() -> None:
    assert mqtt(sensors=["S1", "S2"], format="number").format == "number"
    with pytest.raises(ValidationError, match="does not say which sensor"):
        mqtt(sensors=["S1", "S2"], format="number", topic="suhu")

"""Bad input on a real MQTT broker and a real terminal, through the daemon, to the topic of what could not be used."""

import base64
import json
import os
import pty
import secrets
import signal
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from jsonschema import Draft202012Validator
from paho.mqtt.enums import CallbackAPIVersion

from gateway import control
from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto
from sandbox.programs import Gateway
from sandbox.records import read_topic
from sandbox.waiting import wait_until

pytestmark = pytest.mark.system

PATIENCE_S = 30.0
SECRET = b"canary-7f3a"
SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[2] / "contracts" / "sensor-suhu-rejected.schema.json").read_text())
)
DEEP = b"[" * 20_000 + b"]" * 20_000
PAYLOADS = {
    "binary noise": (b"\x00\xff\xfe\x80\x9d\x01", "not_text"),
    "NUL inside a number": (b'{"suhu": 7\x000}', "bad_json"),
    "Latin-1": (b'{"suhu": 70, "nama": "t\xe9"}', "not_text"),
    "UTF-16": ('{"suhu": 70}'.encode("utf-16"), "not_text"),
    "deep JSON": (DEEP, "too_deep"),
    "a key twice": (b'{"suhu": 70, "suhu": 71}', "bad_json"),
    "NaN": (b'{"suhu": NaN}', "bad_json"),
    "beyond a double": (b'{"suhu": 1e309}', "out_of_range"),
    "an underscore": (b'{"suhu": "7_0"}', "bad_number"),
    "Arabic digits": ('{"suhu": "٧٠"}'.encode(), "bad_number"),
    "empty": (b"", "empty"),
    "70 kB": (b"x" * 70_000, "too_large"),
    "2 MB": (b"y" * 2_000_000, "too_large"),
}


class Rig:
    """One daemon with one MQTT broker, one terminal and two topics of its own."""

    def __init__(
        self,
        work_dir: Path,
        kafka: Kafka,
        mosquitto: Mosquitto,
        *,
        rejected: str | None = None,
        client: str = "kafka-python-ng",
    ) -> None:
        self.name = f"bad-{secrets.token_hex(4)}"
        self.rejected = f"{self.name}-rejected" if rejected is None else rejected
        self.kafka = kafka
        self.journal = work_dir / "journal.db"
        self.port, terminal = pty.openpty()
        tty.setraw(terminal)
        self._terminal = terminal
        config = work_dir / "gateway.toml"
        config.write_text(
            f'[gateway]\nid = "pabrik-1"\ninterval_s = 0\n[journal]\npath = "{self.journal}"\n'
            f'[kafka]\nbootstrap_servers = ["{kafka.bootstrap_servers}"]\ntopic = "{self.name}"\n'
            f'rejected_topic = "{self.rejected}"\nclient = "{client}"\n[[serial]]\nport = "{os.ttyname(terminal)}"\n'
            f'[[mqtt]]\nport = {mosquitto.port}\ntopics = ["{self.name}/{{sensor_id}}"]\n'
        )
        kafka.create_topic(self.name, 3)
        self.gateway = Gateway(work_dir, config)
        self.mqtt = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.name)
        self.mqtt.max_inflight_messages_set(0)
        self.mqtt.connect("127.0.0.1", mosquitto.port)
        self.mqtt.loop_start()
        self._mosquitto_port = mosquitto.port

    def start(self) -> None:
        self.gateway.start()
        for source in (f'"mqtt localhost:{self._mosquitto_port}"', f'"serial {os.ttyname(self._terminal)}"'):
            self.gateway.wait_for_line(f"event=source_up source={source}", PATIENCE_S)

    def publish(self, payload: bytes, sensor: str = "S1", *, retain: bool = False) -> mqtt.MQTTMessageInfo:
        return self.mqtt.publish(f"{self.name}/{sensor}", payload, qos=1, retain=retain)

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.port, data[:4096]) :]

    def readings(self) -> list[tuple[str, float]]:
        values = [json.loads(one.value or b"") for one in read_topic(self.kafka.bootstrap_servers, self.name)]
        return [(one["sensor_id"], one["suhu"]) for one in values]

    def frames(self) -> list[dict[str, Any]]:
        found = [json.loads(one.value or b"") for one in read_topic(self.kafka.bootstrap_servers, self.rejected)]
        for one in found:
            SCHEMA.validate(one)
        return found

    def await_reading(self, sensor: str, celsius: float) -> None:
        wait_until(lambda: (sensor, celsius) in self.readings(), PATIENCE_S, f"{celsius} °C of {sensor} in the topic")

    def await_frames(self, count: int) -> list[dict[str, Any]]:
        wait_until(lambda: len(self.frames()) >= count, PATIENCE_S, f"{count} rejected frames in the topic")
        return self.frames()

    def state(self) -> dict[str, Any]:
        return control.ask(self.journal, {"command": "status"}) or {}

    def resident_mb(self) -> float:
        """The most memory that the gateway has had resident; proc(5), VmHWM."""
        status = Path(f"/proc/{self.gateway.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1000

    def close(self) -> None:
        self.gateway.kill()
        self.mqtt.disconnect()
        self.mqtt.loop_stop()
        os.close(self.port)
        os.close(self._terminal)


MakeRig = Callable[..., Rig]


@pytest.fixture
def make_rig(tmp_path: Path, kafka: Kafka, mosquitto: Mosquitto) -> Iterator[MakeRig]:
    made: list[Rig] = []

    def make(*, create: bool = True, **details: Any) -> Rig:
        rig = Rig(tmp_path, details.pop("kafka", kafka), mosquitto, **details)
        made.append(rig)
        if create:
            rig.kafka.create_topic(rig.rejected, 1)
        rig.start()
        return rig

    yield make
    for rig in made:
        rig.close()


@pytest.mark.parametrize("client", ["kafka-python-ng", "confluent"])
def test_each_bad_message_lands_with_reason_and_bytes_and_the_next_good_one_comes_out(
    make_rig: MakeRig, client: str
) -> None:
    rig = make_rig(client=client)
    for number, (payload, _) in enumerate(PAYLOADS.values()):
        rig.publish(payload, f"bad-{number}")
    rig.publish(b"70.25")
    rig.await_reading("S1", 70.25)
    frames = rig.await_frames(len(PAYLOADS))
    landed = {one["topic"].rpartition("/")[2]: one for one in frames}
    for number, (name, (payload, reason)) in enumerate(PAYLOADS.items()):
        one = landed[f"bad-{number}"]
        assert (one["reason"], one["raw_bytes"], one["truncated"]) == (reason, len(payload), len(payload) > 4096), name
        assert base64.b64decode(one["raw"]) == payload[:4096], name
        assert (one["gateway_id"], one["source"], one["suppressed"]) == ("pabrik-1", "mqtt", 0)
    assert rig.readings() == [("S1", 70.25)]
    assert sum(rig.state()["rejected_total"].values()) == len(PAYLOADS)


def test_bad_retained_messages_are_told_too(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.gateway.stop()
    rig.publish(b"not a number", retain=True)
    rig.publish(b"71.5", "S2", retain=True)
    rig.start()
    rig.await_reading("S2", 71.5)
    [frame, *_] = rig.await_frames(1)
    assert base64.b64decode(frame["raw"]) == b"not a number"


def test_each_bad_line_lands_and_the_next_good_one_comes_out(make_rig: MakeRig) -> None:
    rig = make_rig()
    lines = {
        b"\xff\xfe\x80\x9d": "not_text",
        b"Humidity 45": "no_temperature",
        b"x" * 600: "overlong",
        b"\x00\x00": "empty",
        "S1 ٧٠".encode(): "not_understood",
    }
    rig.write(b"\n" + b"\n".join(lines) + b"\nS1 70.25\n")
    rig.await_reading("S1", 70.25)
    frames = rig.await_frames(len(lines))
    assert {base64.b64decode(one["raw"]): one["reason"] for one in frames} == lines
    assert {one["source"] for one in frames} == {"serial"}
    assert not any("topic" in one for one in frames)


def test_a_line_of_a_megabyte_is_one_frame_cut_to_4_kib(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.write(b"\n" + b"z" * 1_000_000 + b"\nS1 70.25\n")
    rig.await_reading("S1", 70.25)
    [frame] = rig.await_frames(1)
    assert (frame["reason"], frame["truncated"]) == ("overlong", frame["raw_bytes"] > 4096)
    raw = base64.b64decode(frame["raw"])
    assert raw == b"z" * len(raw)
    assert len(raw) > 512


def test_a_flood_keeps_memory_bounded_and_good_readings_flowing(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.publish(b"70.0")
    rig.await_reading("S1", 70.0)
    before_mb = rig.resident_mb()
    expected = [("S1", 70.0)]
    for wave in range(100):
        for _ in range(1_000):
            rig.publish(b"noise " + b"x" * 100)
        expected.append(("S1", 100.0 + wave))
        rig.publish(str(expected[-1][1]).encode()).wait_for_publish(PATIENCE_S)
    rig.await_reading("S1", 199.0)
    wait_until(lambda: sum(rig.state()["rejected_total"].values()) == 100_000, PATIENCE_S, "every frame counted")
    assert rig.readings() == expected
    assert rig.resident_mb() - before_mb < 20
    frames = rig.await_frames(10)
    assert len(frames) < 1_000
    state = rig.state()
    assert state["rejected_sent_total"] + state["rejected_unsent_total"] >= 99_900


def test_without_the_topic_one_line_says_so_and_readings_flow_until_it_is_made(make_rig: MakeRig) -> None:
    rig = make_rig(create=False)
    rig.publish(b"noise " + SECRET)
    rig.gateway.wait_for_line("event=rejected_frames_unsent", PATIENCE_S)
    rig.publish(b"70.25")
    rig.await_reading("S1", 70.25)
    rig.kafka.create_topic(rig.rejected, 1)
    [frame] = rig.await_frames(1)
    assert base64.b64decode(frame["raw"]) == b"noise " + SECRET
    rig.gateway.wait_for_line("event=rejected_frames_sent_again", PATIENCE_S)
    said = rig.gateway.log_since_start()
    assert said.count("event=rejected_frames_unsent") == 1
    assert f"has no topic {rig.rejected}: create it" in said
    assert SECRET.decode() not in said


@pytest.mark.parametrize("client", ["kafka-python-ng", "confluent"])
def test_bad_frames_while_kafka_is_down_cost_no_reading(make_rig: MakeRig, tmp_path: Path, client: str) -> None:
    with Kafka(tmp_path) as kafka:
        rig = make_rig(kafka=kafka, client=client)
        rig.publish(b"noise 0")
        rig.publish(b"70.0")
        rig.await_reading("S1", 70.0)
        rig.await_frames(1)
        kafka.kill()
        for number in range(1, 21):
            rig.publish(b"noise %d" % number)
            rig.publish(b"%d" % (70 + number))
        rig.gateway.wait_for_line("event=rejected_frames_unsent", PATIENCE_S)
        wait_until(lambda: rig.state()["readings_total"] == {"mqtt": 21}, PATIENCE_S, "21 readings taken")
        kafka.start()
        rig.await_reading("S1", 90.0)
        rig.gateway.wait_for_line("event=rejected_frames_sent_again", PATIENCE_S)
        rig.gateway.stop()
        assert list(dict.fromkeys(rig.readings())) == [("S1", 70.0 + number) for number in range(21)]
        assert {base64.b64decode(one["raw"]) for one in rig.frames()} >= {b"noise %d" % number for number in range(9)}


def test_a_reload_takes_the_frames_to_another_topic(make_rig: MakeRig, tmp_path: Path) -> None:
    rig = make_rig()
    rig.publish(b"noise 1")
    rig.await_frames(1)
    first, rig.rejected = rig.rejected, f"{rig.name}-elsewhere"
    rig.kafka.create_topic(rig.rejected, 1)
    config = tmp_path / "gateway.toml"
    config.write_text(config.read_text().replace(f'"{first}"', f'"{rig.rejected}"'))
    os.kill(rig.gateway.pid, signal.SIGHUP)
    rig.gateway.wait_for_line("event=reloaded", PATIENCE_S)
    rig.publish(b"noise 2")
    assert [base64.b64decode(one["raw"]) for one in rig.await_frames(1)] == [b"noise 2"]


def test_switched_off_nothing_is_sent_and_nothing_said(make_rig: MakeRig) -> None:
    rig = make_rig(create=False, rejected="")
    rig.publish(b"noise")
    rig.publish(b"70.25")
    rig.await_reading("S1", 70.25)
    state = rig.state()
    assert state["rejected_total"] == {"not_understood": 1}
    assert (state["rejected_sent_total"], state["rejected_unsent_total"]) == (0, 0)
    assert "event=rejected_" not in rig.gateway.log_since_start()


def test_what_waits_at_a_stop_is_sent_with_the_last_readings(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.publish(b"noise")
    wait_until(lambda: rig.state()["rejected_total"], PATIENCE_S, "the frame")
    rig.gateway.stop()
    assert [base64.b64decode(one["raw"]) for one in rig.frames()] == [b"noise"]

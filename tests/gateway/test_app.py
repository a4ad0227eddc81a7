import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.app import _named
from gateway.mqtt_options import MqttOptions
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_topics import MqttSource
from sandbox.kafka import Kafka
from sandbox.programs import Gateway
from sandbox.records import Record, read_topic
from sandbox.waiting import wait_until

# What Python does when the package is not there, in an environment that has it.
WITHOUT = "import sys; sys.modules[sys.argv.pop(1)] = None; from gateway.cli import main; main()"
MODBUS = '[[modbus]]\nport = "/dev/none"\n[[modbus.devices]]\nname = "oven"\nfields = [{ id = "suhu", reg = 1 }]\n'


def config(folder: Path, servers: str, topic: str, client: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(
        f'[journal]\npath = "{folder / "journal.db"}"\n[simulator]\nsensors = ["S1"]\ninterval_s = 0.01\n'
        f'[gateway]\nid = "pabrik-1"\ninterval_s = 0\n'
        f'[kafka]\nbootstrap_servers = ["{servers}"]\ntopic = "{topic}"\nclient = "{client}"\n'
    )
    return path


@pytest.mark.system
@pytest.mark.parametrize("client", ["kafka-python-ng", "confluent"])
def test_the_configured_client_carries_readings_and_what_stopped_midway_goes_on(
    tmp_path: Path, kafka: Kafka, client: str
) -> None:
    topic = f"app-{client}"
    kafka.create_topic(topic, 3)

    def landed(count: int) -> list[Record]:
        records = read_topic(kafka.bootstrap_servers, topic)
        return records if len(records) >= count else []

    gateway = Gateway(tmp_path, config(tmp_path, kafka.bootstrap_servers, topic, client))
    with gateway:
        first = wait_until(lambda: landed(20), 20, "20 records")
        gateway.restart()
        records = wait_until(lambda: landed(len(first) + 50), 20, "50 records more")
    sequences = [int(json.loads(record.value or b"")["event_id"].rpartition("/")[2]) for record in records]
    assert sequences == list(range(1, len(records) + 1))


@pytest.mark.parametrize(
    ("package", "client", "tables", "extra"),
    [("confluent_kafka", "confluent", "", "fast"), ("pymodbus", "kafka-python-ng", MODBUS, "modbus")],
)
def test_a_package_that_is_missing_ends_with_78_and_the_remedy(
    tmp_path: Path, package: str, client: str, tables: str, extra: str
) -> None:
    path = config(tmp_path, "127.0.0.1:1", "sensor-suhu", client)
    path.write_text(path.read_text() + tables)
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT, package, "run", "--config", str(path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 78
    assert f'pip install "suhu-gateway[{extra}]"' in ended.stderr
    assert "Traceback" not in ended.stderr


def test_two_sources_of_one_name_are_both_seen() -> None:
    options = MqttOptions(host="b")
    sources = [MqttSource(Broker("b", 1883, name), options.topics) for name in ("one", "two", "three")]
    found = _named([(sources[0], True, None), (sources[1], False, "lost"), (sources[2], True, None)])
    assert {name: (one.is_up, one.error) for name, one in found.items()} == {
        "mqtt b:1883": (True, None),
        "mqtt b:1883 #2": (False, "lost"),
        "mqtt b:1883 #3": (True, None),
    }

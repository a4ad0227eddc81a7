import json
from pathlib import Path

import pytest

from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto
from sandbox.records import read_topic
from tests.gateway.cli.command import gateway

pytestmark = pytest.mark.system


def written(tmp_path: Path, kafka: Kafka, topic: str, more: str = "") -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[journal]\npath = "{tmp_path}/journal.db"\n[kafka]\nbootstrap_servers = ["{kafka.bootstrap_servers}"]\n'
        f'topic = "{topic}"\nrejected_topic = "{topic}-rejected"\n{more}'
    )
    return path


def test_everything_is_well_and_nothing_was_written(tmp_path: Path, kafka: Kafka, mosquitto: Mosquitto) -> None:
    kafka.create_topic("doctor", 3)
    kafka.create_topic("doctor-rejected", 1)
    config = written(tmp_path, kafka, "doctor", f"[[mqtt]]\nport = {mosquitto.port}\n")
    ended = gateway("doctor", "--json", "--config", config)
    document = json.loads(ended.stdout)
    assert (ended.returncode, document["ok"], document["exit_code"]) == (0, True, 0)
    words = {(one["check"], one["place"]): one["words"] for one in document["findings"]}
    assert words[("topic", "doctor")] == "has 3 partitions, and we may write to it"
    assert words[("topic", "doctor-rejected")] == "has 1 partitions, and we may write to it"
    assert words[("mqtt", f"localhost:{mosquitto.port}")] == "lets us in"
    assert read_topic(kafka.bootstrap_servers, "doctor") == []
    assert not (tmp_path / "journal.db").exists()


def test_a_missing_topic_fails_a_missing_one_for_rejected_frames_does_not(tmp_path: Path, kafka: Kafka) -> None:
    ended = gateway("doctor", "--config", written(tmp_path, kafka, "doctor-none"))
    assert ended.returncode == 69
    lines = ended.stdout.splitlines()
    assert [line for line in lines if line.startswith("failed ")] == [
        f"failed   topic doctor-none: the broker at {kafka.bootstrap_servers} has no topic doctor-none: "
        "create it, with 3 partitions or more"
    ]
    assert any(line.startswith("warning  topic doctor-none-rejected: ") for line in lines)


def test_too_few_partitions_are_a_warning(tmp_path: Path, kafka: Kafka) -> None:
    kafka.create_topic("doctor-narrow", 1)
    ended = gateway("check", "--online", "--config", written(tmp_path, kafka, "doctor-narrow"))
    assert ended.returncode == 0
    assert "warning  topic doctor-narrow: has 1 partitions: give it 3 or more" in ended.stdout


def test_the_first_trouble_is_the_exit_code_and_the_others_are_told_too(tmp_path: Path, kafka: Kafka) -> None:
    config = written(tmp_path, kafka, "doctor-none", '[[serial]]\nport = "/dev/none"\n')
    ended = gateway("doctor", "--config", config)
    assert ended.returncode == 66
    assert "failed   port /dev/none: /dev/none is not there: plug the device in" in ended.stdout
    assert "failed   topic doctor-none" in ended.stdout
    ended = gateway("doctor", "--config", config, "--bootstrap-servers", "127.0.0.1:1")
    assert "failed   kafka 127.0.0.1:1: no broker answers at 127.0.0.1:1" in ended.stdout


def test_a_broken_configuration_is_all_it_looks_at(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("x = 1\n")
    ended = gateway("doctor", "--json", "--config", tmp_path / "gateway.toml")
    assert ended.returncode == 78
    assert [one["check"] for one in json.loads(ended.stdout)["findings"]] == ["configuration"]

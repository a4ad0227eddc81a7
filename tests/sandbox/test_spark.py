import json
from pathlib import Path

import pytest
from kafka import KafkaProducer

from sandbox.errors import SandboxError
from sandbox.kafka import Kafka
from sandbox.records import API_VERSION
from sandbox.spark import AlertJob

pytestmark = pytest.mark.system

TOPICS = ["--topic", "job-readings", "--alerts-topic", "job-alerts"]


def send(kafka: Kafka, celsius: float, sequence: int) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers.split(","), api_version=API_VERSION)
    reading = {
        "sensor_id": "S1",
        "suhu": celsius,
        "measured_at": "2026-11-22T03:04:05.678Z",
        "source": "simulator",
        "event_id": f"pabrik-1/k3v9/{sequence}",
    }
    producer.send("job-readings", json.dumps(reading).encode(), key=b"S1")
    producer.close()


def test_prints_hot_readings_once_and_goes_on_after_a_restart(kafka: Kafka, tmp_path: Path) -> None:
    heard: list[str] = []
    for topic in ("job-readings", "job-alerts"):
        kafka.create_topic(topic, partitions=3)
    with AlertJob(tmp_path, kafka.bootstrap_servers, tmp_path / "cp", arguments=TOPICS, on_line=heard.append) as job:
        send(kafka, 80.0, 1)
        send(kafka, 83.4, 2)
        job.wait_for_lines(1, 60)
        assert job.stop() == 0
        send(kafka, 91.5, 3)
        job.start()
        job.wait_for_lines(2, 60)
    first, second = job.lines
    assert first == "PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/2"
    assert second == "PERINGATAN S1 91.5 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/3"
    assert heard == [first, second]


def test_an_early_end_is_told_with_the_jobs_own_words(tmp_path: Path) -> None:
    job = AlertJob(tmp_path, "127.0.0.1:1", tmp_path / "cp", arguments=["--threshold", "hot"])
    with pytest.raises(SandboxError, match=r"(?s)alerts: it ended with exit code \d+ before .*'hot' is no temperature"):
        job.__enter__()
    assert not job.alive

"""The pipeline as a process, on a real broker: what becomes of records that are no readings."""

import base64
import json
from pathlib import Path

import pytest

from sandbox.kafka import Kafka
from sandbox.records import read_topic
from sandbox.spark import PipelineJob
from sandbox.waiting import wait_until
from tests.spark.alert_process import reading, send
from tests.spark.hostile import HOSTILE

pytestmark = pytest.mark.system


def test_every_record_that_is_no_reading_is_rejected(kafka: Kafka, tmp_path: Path) -> None:
    kafka.create_topic("judged", 3)
    send(kafka, "judged", [reading(1), *HOSTILE, reading(2)], key=b"S1")
    with PipelineJob(tmp_path, kafka.bootstrap_servers, tmp_path / "c", arguments=["--topic", "judged"]) as job:
        wait_until(lambda: len(read_topic(kafka.bootstrap_servers, "judged-rejected")) >= len(HOSTILE), 60, "all")
        assert job.stop() == 0
    found = [json.loads(r.value or b"") for r in read_topic(kafka.bootstrap_servers, "judged-rejected")]
    assert len(found) == len(HOSTILE)
    sent = {base64.b64encode((value or b"")[:4096]).decode() for value in HOSTILE}
    assert {record["raw"] for record in found} == sent

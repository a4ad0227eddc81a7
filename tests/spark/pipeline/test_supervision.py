"""Queries fail for real here: their checkpoints are damaged."""

import json
import shutil
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.kafka import Kafka
from sandbox.process import Child
from sandbox.records import read_topic
from sandbox.spark import PipelineJob
from tests.spark.alert_process import send

pytestmark = pytest.mark.system


def test_a_query_that_fails_stops_no_other_and_runs_again_once_it_can(kafka: Kafka, tmp_path: Path) -> None:
    kafka.create_topic("damaged", 3)
    send(kafka, "damaged", [b"no reading %d" % number for number in range(9)])
    query = tmp_path / "c" / "incidents" / "query"
    (query / "metadata").mkdir(parents=True)  # a directory in the place of a file
    job = PipelineJob(
        tmp_path,
        kafka.bootstrap_servers,
        tmp_path / "c",
        queries=["rejected", "incidents"],
        arguments=["--topic", "damaged", "--heartbeat", str(tmp_path / "heartbeat")],
    )
    try:
        Child.start(job)  # and not job.start(), which waits for both
        job.wait_for_line('event="query failed" query=incidents', 200)
        job.wait_until(lambda: _rejected(kafka) == 9, 120, "what the other query writes")
        assert 'event="query failed" query=rejected' not in job.log_since_start()
        assert not (tmp_path / "heartbeat").exists()  # one that does not run is enough
        shutil.rmtree(query)
        job.wait_for_line("pipeline ready", 200)
        job.wait_until((tmp_path / "heartbeat").exists, 30, "a sign that all run")
        assert 'event="query runs again" query=incidents' in job.log_since_start()
        assert job.stop() == 0
    finally:
        job.close()


def _rejected(kafka: Kafka) -> int:
    try:
        records = read_topic(kafka.bootstrap_servers, "damaged-rejected")
    except SandboxError:  # not there yet
        return 0
    return len({json.dumps(json.loads(record.value or b"")["origin"]) for record in records})

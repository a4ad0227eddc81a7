"""The pipeline as a process, on a real broker: what becomes of records that are no readings."""

import base64
import json
import socket
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from sandbox.kafka import Kafka
from sandbox.records import API_VERSION, read_topic
from sandbox.spark import PipelineJob
from tests.spark.alert_process import recreate
from tests.spark.hostile_records import Sent, hostile_records, valid_records

pytestmark = pytest.mark.system

LARGEST_BYTES = 11_000_000


def _send(kafka: Kafka, topic: str, records: Sequence[Sent]) -> dict[tuple[int, int], Sent]:
    """Write records, spread over three partitions, and tell where each one stands."""
    producer = KafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers.split(","),
        api_version=API_VERSION,
        acks="all",
        retries=9,
        max_request_size=LARGEST_BYTES,
        buffer_memory=4 * LARGEST_BYTES,
    )
    try:
        futures = [
            producer.send(topic, one.value, key=one.key, partition=number % 3) for number, one in enumerate(records)
        ]
        places = [future.get(timeout=60) for future in futures]
        return {(place.partition, place.offset): one for place, one in zip(places, records, strict=True)}
    finally:
        producer.close()


def _rejected(kafka: Kafka, topic: str) -> list[dict[str, Any]]:
    return [json.loads(record.value or b"") for record in read_topic(kafka.bootstrap_servers, f"{topic}-rejected", 60)]


def _figures(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = [line.rpartition(" ") for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(number) for name, _, number in lines}


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_nothing_vanishes_of_a_mix_of_readings_and_hostile_records(kafka: Kafka, tmp_path: Path) -> None:
    """Accepted and rejected are all that was read: each record's reason and bytes are there, over a restart, too."""
    kafka.create_topic("judged", 3, config={"max.message.bytes": str(LARGEST_BYTES)})
    hostile, valid = hostile_records(seed=6), valid_records()
    half = len(hostile) // 2
    port = _free_port()
    arguments = ["--topic", "judged", "--metrics-port", str(port)]
    job = PipelineJob(tmp_path, kafka.bootstrap_servers, tmp_path / "c", queries=["rejected"], arguments=arguments)
    first = [*valid[:10], *hostile[:half]]
    sent = _send(kafka, "judged", first)
    with job:
        job.wait_until(lambda: len(_rejected(kafka, "judged")) >= half, 60, "the first half")
        read, written = (f'suhu_pipeline_rows_{what}_total{{query="rejected"}}' for what in ("read", "written"))
        job.wait_until(lambda: _figures(port)[read] == len(first), 20, "figures of the first half")
        assert _figures(port)[written] == half
        assert _figures(port)['suhu_pipeline_query_up{query="rejected"}'] == 1
        assert job.stop() == 0
        sent |= _send(kafka, "judged", [*hostile[half:], *valid[10:]])
        job.start()
        job.wait_until(lambda: len(_rejected(kafka, "judged")) >= len(hostile), 60, "the second half")
        assert job.stop() == 0
    found = {(r["origin"]["partition"], r["origin"]["offset"]): r for r in _rejected(kafka, "judged")}
    assert len(found) == len(_rejected(kafka, "judged")) == len(hostile)
    assert {place for place, one in sent.items() if one.reason is not None} == found.keys()
    for place, record in found.items():
        value = sent[place].value or b""
        assert (record["origin"]["topic"], record["reason"]) == ("judged", sent[place].reason)
        assert base64.b64decode(record["raw"]) == value[:4096]
        assert record["raw_bytes"] == len(value)


def test_a_topic_that_is_created_anew_is_read_from_its_beginning_and_said(kafka: Kafka, tmp_path: Path) -> None:
    kafka.create_topic("anew", 3)
    _send(kafka, "anew", [Sent(None, b"old %d" % number, None) for number in range(9)])
    arguments = ["--topic", "anew"]
    with PipelineJob(
        tmp_path, kafka.bootstrap_servers, tmp_path / "c", queries=["rejected"], arguments=arguments
    ) as job:
        job.wait_until(lambda: len(_rejected(kafka, "anew")) >= 9, 60, "what was there")
        assert job.stop() == 0
        recreate(kafka, "anew")
        _send(kafka, "anew", [Sent(None, b"new %d" % number, None) for number in range(12)])
        job.start()
        job.wait_until(lambda: len(_rejected(kafka, "anew")) >= 21, 60, "what is there now")
        assert 'event="readings topic recreated" query=rejected topic=anew' in job.log_since_start()
        assert job.stop() == 0
        assert "query failed" not in job.log.read_text()

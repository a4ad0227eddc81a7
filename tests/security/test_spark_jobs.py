"""The Spark jobs before a guarded Kafka: they read their topic, write their own, and may do nothing else."""

import json
from pathlib import Path

import pytest
from kafka.admin import ACLOperation, ResourceType

from sandbox.records import read_topic
from sandbox.spark import PipelineJob
from sandbox.waiting import wait_until
from tests.security.guarded import SPARK, USERS, Guarded
from tests.spark.alert_process import READY_TIMEOUT_S, AlertProcess, event_ids, reading, send

pytestmark = pytest.mark.system

MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"


@pytest.fixture
def kafka_config(guarded: Guarded, tmp_path: Path) -> Path:
    """What lets a job in."""
    config = tmp_path / "kafka.properties"
    config.write_text(
        "security.protocol=SASL_SSL\nssl.truststore.type=PEM\n"
        f"ssl.truststore.location={guarded.ca_file}\nsasl.mechanism=SCRAM-SHA-512\n"
        f'sasl.jaas.config={MODULE} required username="{SPARK}" password="{USERS[SPARK]}";\n'
    )
    return config


def test_warnings_are_printed_over_tls_with_a_login_and_no_right_too_many(
    guarded: Guarded, kafka_config: Path, tmp_path: Path
) -> None:
    job = AlertProcess(
        guarded.kafka.servers("GATE"), tmp_path, "--kafka-config", str(kafka_config), "--no-create-topics"
    )
    guarded.kafka.create_topic(job.topic, 2)
    guarded.kafka.create_topic(job.alerts_topic, 2)
    guarded.allow(
        SPARK,
        {
            (ResourceType.TOPIC, job.topic): [ACLOperation.READ, ACLOperation.DESCRIBE],
            (ResourceType.TOPIC, job.alerts_topic): [ACLOperation.READ, ACLOperation.WRITE, ACLOperation.DESCRIBE],
        },
    )
    readings = [reading(number, celsius) for number, celsius in enumerate((79.0, 80.0, 80.5, 91.0), 1)]
    with job:
        job.wait_for_line('event="alerts ready"', 2 * READY_TIMEOUT_S)  # TLS on few cores
        send(guarded.kafka, job.topic, readings, partitions=2)
        printed = job.wait_for_warnings(2, READY_TIMEOUT_S)
        command = Path(f"/proc/{job.pid}/cmdline").read_text()
    assert sorted(event_ids(printed)) == ["pabrik-1/k3v9/3", "pabrik-1/k3v9/4"]
    assert "canary" not in job.log.read_text() + command


def test_the_pipeline_writes_over_tls_with_a_login_and_no_right_too_many(
    guarded: Guarded, kafka_config: Path, tmp_path: Path
) -> None:
    topics = ("guarded", "guarded-rejected", "guarded-enriched")
    for topic in topics:
        guarded.kafka.create_topic(topic)
    seen = [ACLOperation.READ, ACLOperation.DESCRIBE]
    guarded.allow(SPARK, {(ResourceType.TOPIC, "guarded"): seen})
    guarded.allow(
        SPARK, {(ResourceType.TOPIC, each): [ACLOperation.WRITE, ACLOperation.DESCRIBE] for each in topics[1:]}
    )
    job = PipelineJob(
        tmp_path,
        guarded.kafka.servers("GATE"),
        tmp_path / "checkpoint",
        queries=("rejected", "enriched"),
        arguments=("--kafka-config", str(kafka_config), "--no-create-topics", "--topic", "guarded"),
    )
    with job:
        send(guarded.kafka, "guarded", [reading(1, 91.0), b"no reading"], partitions=1, key=b"S1")
        wait_until(
            lambda: all(read_topic(guarded.kafka.bootstrap_servers, each) for each in topics[1:]),
            READY_TIMEOUT_S,
            "a record of each query",
        )
    rejected, enriched = (read_topic(guarded.kafka.bootstrap_servers, each) for each in topics[1:])
    assert [json.loads(each.value)["reason"] for each in rejected] == ["bad_json"]
    assert [json.loads(each.value)["level"] for each in enriched] == ["critical"]
    assert "canary" not in job.log.read_text()

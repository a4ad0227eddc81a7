"""The alert job before a guarded Kafka: it reads its topic, writes its own, and may do nothing else."""

import json
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.admin import ACLOperation, ResourceType

from sandbox.records import API_VERSION
from tests.security.guarded import SPARK, USERS, Guarded
from tests.spark.alert_process import AlertProcess

pytestmark = pytest.mark.system

MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"


def test_warnings_are_printed_over_tls_with_a_login_and_no_right_too_many(guarded: Guarded, tmp_path: Path) -> None:
    config = tmp_path / "kafka.properties"
    config.write_text(
        "security.protocol=SASL_SSL\nssl.truststore.type=PEM\n"
        f"ssl.truststore.location={guarded.ca_file}\nsasl.mechanism=SCRAM-SHA-512\n"
        f'sasl.jaas.config={MODULE} required username="{SPARK}" password="{USERS[SPARK]}";\n'
    )
    job = AlertProcess(guarded.kafka.servers("GATE"), tmp_path, "--kafka-config", str(config), "--no-create-topics")
    guarded.kafka.create_topic(job.topic, 2)
    guarded.kafka.create_topic(job.alerts_topic, 2)
    guarded.allow(
        SPARK,
        {
            (ResourceType.TOPIC, job.topic): [ACLOperation.READ, ACLOperation.DESCRIBE],
            (ResourceType.TOPIC, job.alerts_topic): [ACLOperation.READ, ACLOperation.WRITE, ACLOperation.DESCRIBE],
        },
    )
    producer = KafkaProducer(bootstrap_servers=guarded.kafka.bootstrap_servers, api_version=API_VERSION)
    with job:
        job.wait_ready()
        for celsius in (79.0, 80.0, 80.5, 91.0):
            reading = {"sensor_id": "S1", "suhu": celsius, "measured_at": "2026-11-22T03:04:05.678Z"}
            reading |= {"source": "serial", "event_id": f"pabrik-1/k3v9/{int(celsius * 10)}"}
            producer.send(job.topic, json.dumps(reading).encode(), b"S1").get(10)
        printed = job.wait_for_warnings(2)
        command = Path(f"/proc/{job.pid}/cmdline").read_text()
    producer.close()
    assert [("80,5" in line or "80.5" in line, "91" in line) for line in printed] == [(True, False), (False, True)]
    assert "canary" not in job.log.read_text() + command

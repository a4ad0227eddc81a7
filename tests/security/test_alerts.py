"""The alert job before a guarded Kafka: it reads its topic, writes its own, and may do nothing else."""

from pathlib import Path

import pytest
from kafka.admin import ACLOperation, ResourceType

from tests.security.guarded import SPARK, USERS, Guarded
from tests.spark.alert_process import READY_TIMEOUT_S, AlertProcess, event_ids, reading, send

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
    readings = [reading(number, celsius) for number, celsius in enumerate((79.0, 80.0, 80.5, 91.0), 1)]
    with job:
        job.wait_for_line('event="alerts ready"', 2 * READY_TIMEOUT_S)  # TLS on few cores
        send(guarded.kafka, job.topic, readings, partitions=2)
        printed = job.wait_for_warnings(2, READY_TIMEOUT_S)
        command = Path(f"/proc/{job.pid}/cmdline").read_text()
    assert sorted(event_ids(printed)) == ["pabrik-1/k3v9/3", "pabrik-1/k3v9/4"]
    assert "canary" not in job.log.read_text() + command

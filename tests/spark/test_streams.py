import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.jvm import Jvm
from suhu_jobs.readiness import Readiness
from suhu_jobs.settings import Mode, parse_settings
from suhu_jobs.streams import start_alerts

from sandbox.kafka import Kafka
from sandbox.records import Record, read_topic
from sandbox.waiting import wait_until
from tests.spark.alert_process import reading, send

pytestmark = pytest.mark.system


@pytest.mark.parametrize("mode", list(Mode))
def test_an_alert_goes_to_the_partition_of_its_reading(
    kafka: Kafka, jvm: Jvm, spark: SparkSession, tmp_path: Path, mode: Mode
) -> None:
    topic, alerts_topic = f"streams-{mode}", f"streams-{mode}-alerts"
    for name in (topic, alerts_topic):
        kafka.create_topic(name, 3)
    arguments = ["--bootstrap-servers", kafka.bootstrap_servers, "--topic", topic, "--alerts-topic", alerts_topic]
    settings = parse_settings([*arguments, "--mode", mode])
    send(kafka, topic, [reading(1), reading(2, 20), reading(3, sensor_id="S3")])
    query = start_alerts(spark, settings, str(tmp_path), "earliest")
    try:
        readiness = Readiness(jvm, spark, query, 3, real_time=mode is Mode.REAL_TIME)
        wait_until(readiness.reached, 60, "the query to run")

        def alerts() -> list[Record]:
            return read_topic(kafka.bootstrap_servers, alerts_topic)

        wait_until(lambda: len(alerts()) == 2, 30, "two alerts")
        found = [(r.partition, r.key, json.loads(r.value or b"")["alert_id"]) for r in alerts()]
    finally:
        query.stop()
    assert found == [(0, b"S1", f"{topic}/0/0"), (2, b"S3", f"{topic}/2/0")]

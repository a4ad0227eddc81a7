import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from suhu_jobs.jvm import Jvm

from sandbox.errors import SandboxError
from sandbox.fetched import pyspark_home
from sandbox.kafka import Kafka
from sandbox.process import Child
from sandbox.records import API_VERSION
from sandbox.waiting import wait_until

PROJECT = Path(__file__).resolve().parents[2]
READY_TIMEOUT_S = 180.0
# env: spark-submit takes its Python from there, or the first one on the PATH, which need not have pyspark.
SPARK_SUBMIT = ("/usr/bin/env", f"PYSPARK_PYTHON={sys.executable}", str(pyspark_home() / "bin" / "spark-submit"))


class AlertProcess(Child):
    """`alerts.py` as a child process on topics of its own; standard output and error end up in one log."""

    class_cache: Path | None = None  # once recorded, of every start that names no other

    def __init__(
        self,
        bootstrap_servers: str,
        work_dir: Path,
        *options: str,
        topic: str = "",
        alerts_topic: str = "",
        command: Iterable[str] = (sys.executable,),
        pipe_stdout: bool = False,
    ) -> None:
        self.topic = topic or f"readings-{work_dir.name}"
        self.alerts_topic = alerts_topic or f"alerts-{work_dir.name}"
        self.checkpoint = work_dir / "checkpoint"
        argv = [*command, str(PROJECT / "spark" / "alerts.py"), "--bootstrap-servers", bootstrap_servers]
        if self.class_cache is not None:
            argv += ["--class-cache", str(self.class_cache)]
        argv += ["--topic", self.topic, "--alerts-topic", self.alerts_topic, "--checkpoint", str(self.checkpoint)]
        super().__init__("alerts", [*argv, *options], work_dir, pipe_stdout=pipe_stdout)

    def wait_ready(self) -> "AlertProcess":
        self.wait_for_line('event="alerts ready"', READY_TIMEOUT_S)
        return self

    def warnings(self) -> list[str]:
        """Every line printed so far, over all starts."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return [line for line in text.splitlines() if line.startswith("PERINGATAN ")]

    def wait_for_warnings(self, count: int, timeout_s: float = 30.0) -> list[str]:
        self.wait_until(lambda: len(self.warnings()) >= count, timeout_s, f"{count} warnings")
        return self.warnings()

    def words(self) -> list[str]:
        """The job's own log lines, over all starts."""
        return [line for line in self.log.read_text(errors="replace").splitlines() if line.startswith("ts=")]


def reading(
    sequence: int, celsius: float = 83.4, sensor_id: str = "S1", measured_at: str = "2026-11-22T03:04:05.678Z"
) -> bytes:
    """A valid record of the gateway."""
    record = {
        "sensor_id": sensor_id,
        "suhu": celsius,
        "measured_at": measured_at,
        "source": "simulator",
        "event_id": f"pabrik-1/k3v9/{sequence}",
    }
    return json.dumps(record, separators=(",", ":")).encode()


def send(kafka: Kafka, topic: str, values: Iterable[bytes | None], *, partitions: int = 3, key: bytes = b"k") -> None:
    """Write records, spread over the partitions in turn, and return when the broker has them."""
    producer = KafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers.split(","), api_version=API_VERSION, acks="all", retries=9
    )
    try:
        futures = [
            producer.send(topic, value, key=key, partition=number % partitions) for number, value in enumerate(values)
        ]
        for future in futures:
            future.get(timeout=30)
    finally:
        producer.close()


def recreate(kafka: Kafka, topic: str, partitions: int = 3) -> None:
    """Delete a topic and create another one of the same name."""
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers.split(","), api_version=API_VERSION)
    try:
        admin.delete_topics([topic])
    finally:
        admin.close()
    kafka.create_topic(topic, partitions)


def delete_before(jvm: Jvm, kafka: Kafka, topic: str, offsets: Mapping[int, int]) -> None:
    """Delete the records of some partitions below an offset, as retention does."""
    java, new_array = jvm.java.java, jvm.gateway.new_array
    # By reflection: py4j takes the static method of this name for the field accessor beside it.
    parameters, arguments = new_array(java.lang.Class, 1), new_array(java.lang.Object, 1)
    parameters[0] = java.lang.Long.TYPE
    admin = jvm.java.org.apache.kafka.clients.admin
    method = java.lang.Class.forName("org.apache.kafka.clients.admin.RecordsToDelete").getMethod(
        "beforeOffset", parameters
    )
    wanted = java.util.HashMap()
    for partition, offset in offsets.items():
        arguments[0] = java.lang.Long(str(offset))
        wanted.put(jvm.java.org.apache.kafka.common.TopicPartition(topic, partition), method.invoke(None, arguments))
    properties = java.util.Properties()
    properties.put("bootstrap.servers", kafka.bootstrap_servers)
    client = admin.AdminClient.create(properties)
    try:
        client.deleteRecords(wanted).all().get()
    finally:
        client.close()


def record_class_cache(kafka: Kafka, folder: Path) -> Path:
    """Record the JVM's classes once; every other start takes half the time with them."""
    cache = folder / "classes.jsa"
    with AlertProcess(kafka.bootstrap_servers, folder, "--class-cache", str(cache), "--record-class-cache") as job:
        job.wait_ready()
        send(kafka, job.topic, [reading(1)])
        wait_until(lambda: not job.alive, READY_TIMEOUT_S, "the end of the recording")
        if (job.returncode, event_ids(job.warnings())) != (0, ["pabrik-1/k3v9/1"]):
            raise SandboxError(f"no classes were recorded:\n{job.log_tail()}")
    return cache


def event_ids(lines: Iterable[str]) -> list[str]:
    """What stands at the end of each warning, without the mark of a repeat."""
    return [re.sub(r" \(mungkin ulangan\)$", "", line).split()[-1] for line in lines]

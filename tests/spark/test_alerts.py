"""The whole job as a process, on a real broker."""

import json
import os
import signal
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from kafka import KafkaProducer
from suhu_jobs.jvm import Jvm
from suhu_jobs.topics import Topics

from sandbox.kafka import Kafka
from sandbox.ports import Port
from sandbox.records import API_VERSION, read_topic
from sandbox.waiting import wait_until
from tests.spark.alert_process import (
    PROJECT,
    SPARK_SUBMIT,
    AlertProcess,
    delete_before,
    event_ids,
    reading,
    recreate,
    send,
)
from tests.spark.hostile import HOSTILE

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("class_cache")]


@pytest.fixture
def metrics_port() -> Iterator[int]:
    port = Port.reserve()
    yield port.number
    port.release()


@pytest.fixture
def job(kafka: Kafka, tmp_path: Path, metrics_port: int) -> Iterator[AlertProcess]:
    with AlertProcess(kafka.bootstrap_servers, tmp_path, "--metrics-port", str(metrics_port)) as process:
        yield process.wait_ready()


def _metrics(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = [line.rpartition(" ") for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(number) for name, _, number in lines}


def test_each_hot_reading_is_warned_of_once_over_stop_and_restart(kafka: Kafka, job: AlertProcess) -> None:
    old = reading(7, 95)[:-1] + b',"retained":true}'  # what an MQTT broker had kept from yesterday
    send(kafka, job.topic, [old, reading(1), reading(2, 80), reading(3, 80.0000001, "S3"), reading(4, -3)])
    job.wait_for_warnings(2)
    assert job.stop() == 0
    send(kafka, job.topic, [reading(5, 1200.25), reading(6, 79.999)])
    job.start()
    job.wait_ready().wait_for_warnings(3)
    assert job.stop() == 0
    assert sorted(job.warnings()) == [
        "PERINGATAN S1 1200.25 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/5",
        "PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/1",
        "PERINGATAN S3 80.0000001 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/3",
    ]


def test_kill_loses_no_warning_and_repeats_at_most_one_marked_line_a_kill(kafka: Kafka, job: AlertProcess) -> None:
    with _stream(kafka, job.topic) as sent:
        for victim in ("both", "python", "java"):
            before = len(job.warnings())
            job.wait_for_warnings(before + 40)
            _kill(job, victim)
            job.start()
            job.wait_ready()
        job.wait_for_warnings(len(job.warnings()) + 40)
    expected = [f"pabrik-1/k3v9/{number}" for number in range(1, len(sent) + 1)]
    job.wait_until(lambda: set(expected) <= set(event_ids(job.warnings())), 30, "every warning")
    assert job.stop() == 0
    lines = job.warnings()
    plain = [line for line in lines if not line.endswith("(mungkin ulangan)")]
    repeated = [line for line in lines if line.endswith("(mungkin ulangan)")]
    assert [line for line, count in Counter(event_ids(plain)).items() if count > 1] == []
    assert len(repeated) <= 3
    assert sorted(set(event_ids(lines))) == sorted(expected)


def test_a_kill_while_spark_writes_its_first_offsets_is_no_obstacle(kafka: Kafka, job: AlertProcess) -> None:
    job.kill()
    remains = job.checkpoint / "query" / "offsets" / ".0.a1bad971-dd03-4e80-a1a8-b18ed7047bfa.tmp"
    remains.parent.mkdir(exist_ok=True)
    remains.touch()
    job.start()
    job.wait_ready()
    send(kafka, job.topic, [reading(1)])
    assert event_ids(job.wait_for_warnings(1)) == ["pabrik-1/k3v9/1"]
    assert job.stop() == 0


def test_a_resend_is_warned_of_once_and_a_reused_event_id_is_not_taken_for_one(
    kafka: Kafka, job: AlertProcess, metrics_port: int
) -> None:
    send(kafka, job.topic, [reading(1), reading(2)])
    send(kafka, job.topic, [reading(1), reading(2), reading(3)], partitions=1)
    send(kafka, job.topic, [reading(1, 95)])
    job.wait_for_warnings(4)
    resent = 'suhu_alerts_records_total{verdict="resent"}'
    job.wait_until(lambda: _metrics(metrics_port)[resent] == 2, 20, "both resends in the metrics")
    metrics = _metrics(metrics_port)
    assert metrics['suhu_alerts_records_total{verdict="printed"}'] == 4
    assert metrics["suhu_alerts_query_up"] == 1
    assert metrics["suhu_alerts_query_restarts_total"] == 0
    assert sum(metrics[f'suhu_alerts_next_offset{{partition="{number}"}}'] for number in range(3)) == 6
    assert job.stop() == 0
    assert sorted(job.warnings()) == [
        "PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/1",
        "PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/2",
        "PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/3",
        "PERINGATAN S1 95 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/1",
    ]


@pytest.mark.parametrize("mode", ["real-time", "micro-batch"])
def test_hostile_records_stop_nothing_and_both_modes_print_the_same(kafka: Kafka, tmp_path: Path, mode: str) -> None:
    odd: list[bytes | None] = [
        b'{"sensor_id":"odd 1","suhu":90}',
        b'{"sensor_id":7,"suhu":90.50,"measured_at":"late\\n\\u001b[2J","event_id":"x y","source":3}',
        b'{"sensor_id":"a\xffb","suhu":1e3}{"sensor_id":"second","suhu":99}',
        b'{"sensor_id":"' + b"L" * 300 + b'","suhu":81,"event_id":"' + b"e" * 300 + b'"}',
    ]
    with AlertProcess(kafka.bootstrap_servers, tmp_path, "--mode", mode) as job:
        job.wait_ready()
        send(kafka, job.topic, [*HOSTILE, *odd, reading(1), *HOSTILE, reading(2, 20), reading(3, sensor_id="S3")])
        job.wait_for_warnings(6)
        assert job.stop() == 0
        assert sorted(job.warnings()) == [
            "PERINGATAN 7 90.5 °C > 80 °C late\\u000a\\u001b[2J x\\u0020y",
            f"PERINGATAN {'L' * 128} 81 °C > 80 °C - -",
            "PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/1",
            "PERINGATAN S3 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/3",
            "PERINGATAN a�b 1000 °C > 80 °C - -",
            "PERINGATAN odd 1 90 °C > 80 °C - -",
        ]
        assert "query failed" not in job.log.read_text()
        alerts = read_topic(kafka.bootstrap_servers, job.alerts_topic)
        schema = json.loads((PROJECT / "contracts" / "sensor-suhu-alerts.schema.json").read_text())
        for record in alerts:
            alert = json.loads(record.value or b"")
            Draft202012Validator(schema).validate(alert)
            assert alert["sensor_id"].encode() == record.key
            assert alert["alert_id"].split("/")[:2] == [job.topic, str(record.partition)]
        assert len(alerts) == 6


def test_broker_restart_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    with Kafka(tmp_path) as kafka, AlertProcess(kafka.bootstrap_servers, tmp_path / "job") as job:
        job.wait_ready()
        send(kafka, job.topic, [reading(1), reading(2), reading(3)])
        job.wait_for_warnings(3)
        kafka.kill()
        kafka.restart(0)
        send(kafka, job.topic, [reading(4), reading(5), reading(6)])
        job.wait_for_warnings(6)
        assert job.stop() == 0
        assert sorted(event_ids(job.warnings())) == [f"pabrik-1/k3v9/{number}" for number in range(1, 7)]


def test_a_missing_broker_is_waited_for_and_said_once(tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    kafka = Kafka(tmp_path)
    with AlertProcess(kafka.bootstrap_servers, tmp_path / "job") as job:
        job.wait_for_line('event="kafka unreachable"', 30)
        with kafka:
            job.wait_ready()
            assert [line.split('event="')[1].split('"')[0] for line in job.words()] == [
                "connector chosen",
                "kafka unreachable",
                "topic created",
                "topic created",
                "kafka reachable",
                "alerts ready",
            ]
            assert job.stop() == 0


def test_stop_works_while_the_broker_is_missing(tmp_path: Path) -> None:
    with AlertProcess("127.0.0.1:1", tmp_path) as job:
        job.wait_for_line('event="kafka unreachable"', 30)
        assert job.stop(timeout_s=8) == 0


def test_topics_created_anew_are_noticed_and_read_from_their_beginning(kafka: Kafka, job: AlertProcess) -> None:
    send(kafka, job.topic, [reading(number) for number in range(1, 7)])
    job.wait_for_warnings(6)
    assert job.stop() == 0
    recreate(kafka, job.topic)
    recreate(kafka, job.alerts_topic)
    send(kafka, job.topic, [reading(number) for number in range(4, 13)])  # 4 to 6 are resends
    job.start()
    job.wait_ready().wait_for_warnings(12)
    recreate(kafka, job.topic)
    send(kafka, job.topic, [reading(number) for number in range(13, 16)])
    job.wait_for_warnings(15)
    assert job.stop() == 0
    assert sorted(event_ids(job.warnings())) == sorted(f"pabrik-1/k3v9/{number}" for number in range(1, 16))
    words = "\n".join(job.words())
    assert words.count('event="readings topic recreated"') == 2
    assert words.count('event="alerts topic recreated"') == 1


def test_readings_deleted_before_they_were_read_are_missed_loudly_and_the_rest_is_not(
    kafka: Kafka, jvm: Jvm, job: AlertProcess
) -> None:
    send(kafka, job.topic, [reading(number) for number in range(1, 7)])  # offsets 0 and 1 of each partition
    job.wait_for_warnings(6)
    assert job.stop() == 0
    send(kafka, job.topic, [reading(number) for number in range(7, 13)])  # offsets 2 and 3
    delete_before(jvm, kafka, job.topic, {0: 3, 1: 1})
    job.start()
    job.wait_ready().wait_for_warnings(11)
    assert job.stop() == 0
    assert sorted(event_ids(job.warnings())) == sorted(
        f"pabrik-1/k3v9/{number}" for number in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12)
    )
    assert _lost(job) == ['partition=0 at_most=1 reason="deleted before they were read"']


def test_readings_deleted_while_the_job_hangs_are_missed_loudly_and_the_rest_is_not(
    kafka: Kafka, jvm: Jvm, job: AlertProcess
) -> None:
    send(kafka, job.topic, [reading(number) for number in range(1, 7)])  # offsets 0 and 1 of each partition
    job.wait_for_warnings(6)
    job.freeze()
    send(kafka, job.topic, [reading(number, 20) for number in range(7, 10)])  # offset 2: they are on their way to it
    send(kafka, job.topic, [reading(number) for number in range(10, 16)])  # offsets 3 and 4
    delete_before(jvm, kafka, job.topic, {0: 4, 1: 5})
    job.thaw()
    send(kafka, job.topic, [reading(number) for number in range(16, 19)])
    expected = sorted(f"pabrik-1/k3v9/{number}" for number in (*range(1, 7), 12, 13, *range(15, 19)))
    job.wait_until(lambda: sorted(set(event_ids(job.warnings()))) == expected, 60, "every warning")
    assert job.stop() == 0
    assert sorted(event_ids(job.warnings())) == expected
    assert _lost(job) == [
        'partition=0 at_most=2 reason="deleted before they were read"',
        'partition=1 at_most=3 reason="deleted before they were read"',
    ]


def test_partitions_that_are_added_are_read_too(kafka: Kafka, jvm: Jvm, job: AlertProcess) -> None:
    topics = Topics(jvm, kafka.bootstrap_servers)
    topics.grow(job.topic, 4)
    topics.close()
    send(kafka, job.topic, [reading(number) for number in range(1, 5)], partitions=4)
    job.wait_for_warnings(4, timeout_s=60)
    assert job.stop() == 0
    assert sorted(event_ids(job.warnings())) == [f"pabrik-1/k3v9/{number}" for number in range(1, 5)]
    assert {record.partition for record in read_topic(kafka.bootstrap_servers, job.alerts_topic)} == {0, 1, 2, 3}


def test_too_few_slots_are_refused_with_words(kafka: Kafka, tmp_path: Path) -> None:
    with AlertProcess(kafka.bootstrap_servers, tmp_path, "--master", "local[2]") as job:
        assert _ended(job) == 69
        assert job.log_since_start().splitlines()[-1] == (
            "alerts.py: 3 partitions need 3 task slots, but the master local[2] has 2; the others would silently not "
            "be read. Give more cores, or leave --master out on one machine"
        )


def test_another_threshold_or_a_second_job_on_one_checkpoint_is_refused(
    kafka: Kafka, job: AlertProcess, tmp_path: Path
) -> None:
    second = AlertProcess(kafka.bootstrap_servers, tmp_path / "second", topic=job.topic, alerts_topic=job.alerts_topic)
    second.argv += ["--checkpoint", str(job.checkpoint)]
    with second:
        assert _ended(second) == 75
        assert f"is running already (PID {job.pid}): stop it" in second.log_since_start()
    assert job.stop() == 0
    second.argv += ["--threshold", "75.5"]
    with second:
        assert _ended(second) == 78
        assert "belongs to a job with --threshold 80, not 75.5: give the old value" in second.log_since_start()


def test_spark_submit_runs_the_same_job(kafka: Kafka, tmp_path: Path) -> None:
    jars = ",".join(str(jar) for jar in (PROJECT / ".fetched" / "lib" / "spark").glob("*.jar"))
    command = (*SPARK_SUBMIT, "--driver-java-options", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1", "--jars", jars)
    with AlertProcess(kafka.bootstrap_servers, tmp_path, command=command, pipe_stdout=True) as job:
        job.wait_ready()
        send(kafka, job.topic, [reading(1)])
        assert job.stdout.readline() == "PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/1\n"
        assert job.stop() == 0
        assert job.stdout.read() == ""  # words about the job do not mix with warnings
        words = job.log_since_start()
        assert 'event="alerts stopped"' in words
        assert " INFO " not in words.partition('event="alerts ready"')[2]


@contextmanager
def _stream(kafka: Kafka, topic: str) -> Iterator[list[int]]:
    """Send hot readings, 200 a second, until the context ends; yield the growing list of their numbers."""
    sent: list[int] = []
    stop = threading.Event()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers.split(","), api_version=API_VERSION)

    def run() -> None:
        while not stop.wait(0.005):
            number = len(sent) + 1
            producer.send(topic, reading(number), key=b"S1", partition=number % 3)
            sent.append(number)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield sent
    finally:
        stop.set()
        thread.join()
        producer.close()


def _lost(job: AlertProcess) -> list[str]:
    return [line.split('event="readings lost" ')[1] for line in job.words() if "readings lost" in line]


def _kill(job: AlertProcess, victim: str) -> None:
    if victim == "both":
        job.kill()
        return
    children = Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()
    os.kill(job.pid if victim == "python" else int(children[0]), signal.SIGKILL)
    assert _ended(job) == (-signal.SIGKILL if victim == "python" else 70)


def _ended(job: AlertProcess) -> int | None:
    """Wait for the end of a job that ends by itself."""
    wait_until(lambda: not job.alive, 60, "the end of the job")
    return job.stop()

"""The whole job as a process where its output or its disk is in trouble."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from suhu_jobs.jvm import LOG_SETTINGS

from sandbox.fetched import jars
from sandbox.kafka import Kafka
from sandbox.waiting import wait_until
from tests.exactly_once.trial import Kind
from tests.spark.alert_process import SPARK_SUBMIT, AlertProcess, event_ids, reading, send

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("class_cache")]

CONNECTOR = ",".join(str(jar) for jar in jars("spark"))
QUIET = f"-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile={LOG_SETTINGS}"
SUBMIT = (*SPARK_SUBMIT, "--driver-java-options", QUIET, "--jars", CONNECTOR)
BLOCK = b"\0" * 4096
WRITTEN_NS = 500_000_000  # a reader that has had nothing to write for so long is waiting for the next alert


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def _fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(BLOCK)
        except OSError:
            return filler


def test_a_full_disk_costs_no_warning_and_repeats_only_marked_ones(
    kafka: Kafka, tmp_path: Path, small_disk: Path
) -> None:
    with AlertProcess(kafka.bootstrap_servers, tmp_path, "--checkpoint", str(small_disk / "c")) as job:
        job.wait_ready()
        send(kafka, job.topic, [reading(1)])
        job.wait_for_warnings(1)
        filler = _fill(small_disk)
        send(kafka, job.topic, [reading(number) for number in range(2, 1001)])
        job.wait_for_warnings(1000)
        job.wait_for_line('event="state not written"', 30)
        assert sorted(set(event_ids(job.warnings()))) == sorted(f"pabrik-1/k3v9/{number}" for number in range(1, 1001))
        assert not any(line.endswith("(mungkin ulangan)") for line in job.warnings())
        job.kill()
        filler.unlink()
        job.start()
        job.wait_ready()
        send(kafka, job.topic, [reading(number) for number in range(1001, 1004)])
        job.wait_until(lambda: "pabrik-1/k3v9/1003" in event_ids(job.warnings()), 30, "a new warning")
        assert job.stop() == 0
        assert 'event="state was not written"' in job.log.read_text()
    plain = [line for line in job.warnings() if not line.endswith("(mungkin ulangan)")]
    assert sorted(event_ids(plain)) == sorted(f"pabrik-1/k3v9/{number}" for number in range(1, 1004))


def test_a_query_that_cannot_note_how_far_it_is_starts_again_until_it_can(
    kafka: Kafka, tmp_path: Path, small_disk: Path
) -> None:
    options = ("--checkpoint", str(small_disk / "c"), "--state", str(tmp_path / "printed"), "--mode", "micro-batch")
    with AlertProcess(kafka.bootstrap_servers, tmp_path, *options) as job:
        job.wait_ready()
        filler = _fill(small_disk)
        send(kafka, job.topic, [reading(number) for number in range(1, 10)])
        job.wait_for_line('event="query failed"', 60)
        job.wait_until(lambda: job.log.read_text().count('event="query failed"') >= 3, 60, "more failures")
        filler.unlink()
        job.wait_for_warnings(9, timeout_s=60)
        send(kafka, job.topic, [reading(10)])
        job.wait_for_warnings(10, timeout_s=60)
        assert job.stop() == 0
    assert sorted(event_ids(job.warnings())) == sorted(f"pabrik-1/k3v9/{number}" for number in range(1, 11))
    assert not any(line.endswith("(mungkin ulangan)") for line in job.warnings())


def test_a_disk_that_is_full_from_the_start_is_refused_with_words(
    kafka: Kafka, tmp_path: Path, small_disk: Path
) -> None:
    _fill(small_disk)
    with AlertProcess(kafka.bootstrap_servers, tmp_path, "--checkpoint", str(small_disk / "c")) as job:
        assert _ended(job) == 74
        last = job.log_since_start().splitlines()[-1]
    assert f"alerts.py: cannot keep what has been printed in {small_disk}/c/printed (" in last
    assert "Traceback" not in job.log.read_text()


@pytest.mark.parametrize("command", [(sys.executable,), SUBMIT], ids=["python", "spark-submit"])
def test_output_that_nobody_reads_ends_the_job_and_the_warning_is_kept(
    kafka: Kafka, tmp_path: Path, command: tuple[str, ...]
) -> None:
    job = AlertProcess(kafka.bootstrap_servers, tmp_path, command=command, pipe_stdout=True)
    with job:
        job.wait_ready()
        job.stdout.close()
        send(kafka, job.topic, [reading(1)])
        assert _ended(job) == 74
        assert "a warning could not be printed" in job.log_since_start()
        assert "standard output must stay open and writable" in job.log_since_start()
        assert "Traceback" not in job.log_since_start()
    with job:
        job.wait_ready()
        line = job.stdout.readline()
        assert line == "PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/1 (mungkin ulangan)\n"
        assert job.stop() == 0


def test_a_job_without_standard_output_is_refused_with_words(tmp_path: Path) -> None:
    closed = ("/bin/sh", "-c", 'exec "$0" "$@" >&-', sys.executable)
    with AlertProcess("127.0.0.1:1", tmp_path, command=closed) as job:
        assert _ended(job) == 74
        assert job.log_since_start() == (
            "alerts.py: standard output is closed: warnings need it, even if it leads to a file\n"
        )


def test_a_job_without_standard_error_warns_all_the_same(kafka: Kafka, tmp_path: Path) -> None:
    closed = ("/bin/sh", "-c", 'exec "$0" "$@" 2>&-', sys.executable)
    with AlertProcess(kafka.bootstrap_servers, tmp_path, command=closed) as job:
        wait_until(lambda: (job.checkpoint / "query").exists(), 60, "the query")
        send(kafka, job.topic, [reading(1)])
        assert event_ids(job.wait_for_warnings(1)) == ["pabrik-1/k3v9/1"]
        assert job.stop() == 0


def test_a_line_counts_as_printed_only_when_spark_submit_has_written_it(kafka: Kafka, tmp_path: Path) -> None:
    with AlertProcess(kafka.bootstrap_servers, tmp_path, command=SUBMIT) as job:
        job.wait_ready()
        send(kafka, job.topic, [reading(1), *(reading(number, 20) for number in range(2, 10))], partitions=1)
        job.wait_for_warnings(1)
        log = job.checkpoint / "printed" / "printed.sqlite-wal"
        wait_until(lambda: time.time_ns() - log.stat().st_mtime_ns > WRITTEN_NS, 30, "the mark of the first line")
        before = log.stat().st_mtime_ns
        os.kill(job.pid, signal.SIGSTOP)  # the JVM; Python goes on
        send(kafka, job.alerts_topic, [_alert(job.topic, 5), _alert(job.topic, 6)], partitions=1)
        wait_until(lambda: log.stat().st_mtime_ns > before, 30, "the intent")
        job.kill()
        assert len(job.warnings()) == 1
        job.start()
        job.wait_ready().wait_for_warnings(3)
        assert job.stop() == 0
    assert [line.split()[1] for line in job.warnings()] == ["S1", "offset-5", "offset-6"]


def test_a_clock_that_is_set_back_starts_the_query_again_and_repeats_nothing(kafka: Kafka, tmp_path: Path) -> None:
    command = Kind("clock", variants=("set_the_clock_back",)).command()
    with AlertProcess(kafka.bootstrap_servers, tmp_path, command=command) as job:
        job.wait_ready()
        send(kafka, job.topic, [reading(1), reading(2), reading(3)])
        job.wait_for_line('event="clock set back"', 60)
        send(kafka, job.topic, [reading(4), reading(5), reading(6)])
        job.wait_for_warnings(6, timeout_s=60)
        assert job.stop() == 0
        assert sorted(event_ids(job.warnings())) == [f"pabrik-1/k3v9/{number}" for number in range(1, 7)]


def _alert(topic: str, offset: int) -> bytes:
    return (
        f'{{"alert_id":"{topic}/0/{offset}","sensor_id":"offset-{offset}","suhu":81.5,"threshold_celsius":80.0}}'
    ).encode()


def _ended(job: AlertProcess) -> int | None:
    """Wait for the end of a job that ends by itself."""
    wait_until(lambda: not job.alive, 60, "the end of the job")
    return job.returncode

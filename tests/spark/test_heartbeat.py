import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from suhu_jobs.errors import StorageError
from suhu_jobs.heartbeat import Heartbeat

from sandbox.kafka import Kafka
from sandbox.waiting import wait_until
from tests.spark.alert_process import AlertProcess


def test_each_beat_sets_the_time_and_the_end_takes_the_file_away(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    heartbeat = Heartbeat(file)
    heartbeat.beat()
    os.utime(file, (0, 0))
    heartbeat.beat()
    assert file.stat().st_mtime > 1_000_000_000
    heartbeat.stop()
    assert not file.exists()


def test_what_an_earlier_run_has_left_is_no_sign_of_life(tmp_path: Path) -> None:
    (tmp_path / "alive").touch()
    Heartbeat(tmp_path / "alive")
    assert not (tmp_path / "alive").exists()


def test_a_place_that_cannot_be_written_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"--heartbeat .*/nowhere/alive cannot be written \(No such file"):
        Heartbeat(tmp_path / "nowhere" / "alive")


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    heartbeat = Heartbeat(None)
    heartbeat.beat()
    heartbeat.stop()
    assert not list(tmp_path.iterdir())


@pytest.fixture
def job(kafka: Kafka, tmp_path: Path) -> Iterator[AlertProcess]:
    with AlertProcess(kafka.bootstrap_servers, tmp_path, "--heartbeat", str(tmp_path / "alive")) as process:
        yield process.wait_ready()


@pytest.mark.system
@pytest.mark.usefixtures("class_cache")
def test_a_job_whose_jvm_hangs_shows_no_sign_of_life(job: AlertProcess, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    wait_until(alive.exists, 30, "the first sign of life")
    jvm = _child(job.pid)
    os.kill(jvm, signal.SIGSTOP)
    try:
        wait_until(lambda: time.time() - alive.stat().st_mtime > 3, 30, "no sign of life for 3 s")
        frozen_at = alive.stat().st_mtime
    finally:
        os.kill(jvm, signal.SIGCONT)
    wait_until(lambda: alive.stat().st_mtime > frozen_at, 30, "the next sign of life")
    assert job.stop() == 0
    assert not alive.exists()


def _child(pid: int | None) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

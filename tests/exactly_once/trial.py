import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.fetched import jars
from sandbox.kafka import Kafka
from sandbox.waiting import wait_until
from tests.exactly_once.flow import PARTITIONS, Flow
from tests.exactly_once.result import Result
from tests.exactly_once.verdict import MARK, check
from tests.spark.alert_process import PROJECT, SPARK_SUBMIT, AlertProcess

PATIENCE_S = 180.0  # beside other programs on a small machine
ENDS = {"SIGKILL": 40, "SIGKILL of Python": 15, "SIGKILL of the JVM": 15, "SIGTERM": 30}
BROKER_FAULTS = ("SIGKILL", "clean restart")
BROKER_FAULT_CHANCE = 0.12
WHILE_STARTING = 0.3
LONGEST_START_S = 5.0
LONGEST_LIFE_S = 1.5  # after the first line


@dataclass(frozen=True, slots=True)
class Kind:
    """How the job runs in a trial."""

    name: str
    mode: str = "real-time"
    submitted: bool = False
    variants: tuple[str, ...] = ()  # see variants.py

    def command(self) -> tuple[str, ...]:
        """What stands before `alerts.py` and its options."""
        if self.submitted:
            connector = ",".join(str(jar) for jar in jars("spark"))
            return (*SPARK_SUBMIT, "--driver-java-options", "-XX:+UseSerialGC", "--jars", connector)
        if self.variants:
            environment = ("/usr/bin/env", f"PYTHONPATH={PROJECT / 'spark'}")
            return (*environment, sys.executable, "-m", "tests.exactly_once.variants", ",".join(self.variants))
        return (sys.executable,)


REAL_TIME = Kind("real-time")
SHORT_BATCHES = Kind("real-time, batches of 5 s", variants=("short_batches",))
MICRO_BATCH = Kind("micro-batch", mode="micro-batch")
SUBMITTED = Kind("real-time, spark-submit", submitted=True)


class Trial:
    """Ends the job again and again while readings flow into a topic of its own, and holds its lines against them.

    Args:
        kafka: a broker to harm; it runs again afterwards.
        work_dir: empty; for checkpoint, state and logs.
        kind: how the job runs.
        seed: of the moments, the ends, the broker's faults and the readings.
        while_starting: the share of lives that end before their first line.
    """

    def __init__(
        self, kafka: Kafka, work_dir: Path, kind: Kind, seed: int, while_starting: float = WHILE_STARTING
    ) -> None:
        self._kafka = kafka
        self._work_dir = work_dir
        self._kind = kind
        self._seed = seed
        self._chance = random.Random(seed)
        self._while_starting = while_starting
        self._lives: list[AlertProcess] = []
        self.result = Result(kind.name, seed, f"{datetime.now(UTC):%Y-%m-%d %H:%M}")

    def run(self, lives: int, ends: Sequence[str] | None = None) -> Result:
        """End so many lives, let one more print what is left, and judge.

        Args:
            lives: how many.
            ends: how, one after the other; by chance otherwise.

        Raises:
            SandboxError: the job, a start or the broker did what it must not; the lines were not judged then.
        """
        for topic in (self._topic, f"{self._topic}-alerts"):
            self._kafka.create_topic(topic, PARTITIONS)
        try:
            with Flow(self._kafka.bootstrap_servers, self._topic, self._seed) as flow:
                for number in range(lives):
                    self._live(ends[number] if ends else self._chance.choices(list(ENDS), list(ENDS.values()))[0])
                expected = flow.finish()
                self._print_the_rest(list(expected)[-PARTITIONS:])
        finally:
            for life in self._lives:
                life.close()
        self.result.records = flow.records
        self.result.judge(check(expected, self._lines()))
        return self.result

    @property
    def _topic(self) -> str:
        return f"trial-{self._work_dir.name}"

    def _live(self, end: str) -> None:
        job = self._start()
        began_s = time.monotonic()
        if self._chance.random() < self._while_starting:
            time.sleep(self._chance.uniform(0, LONGEST_START_S))  # not a wait: the random moment
            self.result.ended_while_starting += not _lines_since_start(job)
        else:
            job.wait_until(lambda: _lines_since_start(job), PATIENCE_S, "its first warning")
            self.result.recovery_s.append(round(time.monotonic() - began_s, 2))
            if self._chance.random() < BROKER_FAULT_CHANCE:
                self._harm_broker(job)
            time.sleep(self._chance.uniform(0, LONGEST_LIFE_S))
        self._end(job, end)
        self.result.lives += 1

    def _harm_broker(self, job: AlertProcess) -> None:
        fault = self._chance.choice(BROKER_FAULTS)
        if fault == "SIGKILL":
            self._kafka.kill()
        self._kafka.restart(0)
        before, began_s = len(_lines_since_start(job)), time.monotonic()
        job.wait_until(lambda: len(_lines_since_start(job)) > before, PATIENCE_S, "a warning after the broker's return")
        self.result.broker_recovery_s.append(round(time.monotonic() - began_s, 2))
        self.result.broker_faults[fault] = self.result.broker_faults.get(fault, 0) + 1

    def _end(self, job: AlertProcess, end: str) -> None:
        if not job.alive:
            raise SandboxError(f"the job ended by itself with exit code {job.returncode}:\n{job.log_tail()}")
        if end == "SIGTERM":
            code = job.stop(PATIENCE_S)  # before its first words Python has not taken the signal over
            if code != 0 and (_has_spoken(job) or code not in {-signal.SIGTERM, 128 + signal.SIGTERM}):
                raise SandboxError(f"after SIGTERM the exit code is {code}:\n{job.log_tail()}")
        elif end == "SIGKILL":
            job.kill()
        else:
            starting = not _has_spoken(job)
            victim = _process_below(job.pid, "java" if end.endswith("JVM") else "python")
            os.kill(victim or job.pid, signal.SIGKILL)
            # What is left of it ends by itself, which the next start is not told to wait for. A job that was still
            # waiting for its JVM starts another one.
            wait_until(lambda: not job.alive or (starting and _has_spoken(job)), PATIENCE_S, f"the end after {end}")
            if job.alive:
                job.kill()
        self.result.ends[end] = self.result.ends.get(end, 0) + 1

    def _print_the_rest(self, last: Sequence[str]) -> None:
        """Let the job run until each partition's last hot reading is printed, which all others come before."""
        job = self._start()
        ends = tuple(f" {event_id}" for event_id in last)

        def is_done() -> bool:
            lines = [line.removesuffix(MARK) for line in _lines_since_start(job)]
            return all(any(line.endswith(end) for line in lines) for end in ends)

        job.wait_until(is_done, PATIENCE_S, "the last warnings")
        if job.stop(PATIENCE_S) != 0:
            raise SandboxError(f"after SIGTERM the exit code is {job.returncode}:\n{job.log_tail()}")

    def _start(self) -> AlertProcess:
        """Start the next life, while the remains of the last one may still be there."""
        folder = self._work_dir / f"life-{len(self._lives)}"
        job = AlertProcess(
            self._kafka.bootstrap_servers,
            folder,
            *("--checkpoint", str(self._work_dir / "checkpoint"), "--mode", self._kind.mode),
            topic=self._topic,
            alerts_topic=f"{self._topic}-alerts",
            command=self._kind.command(),
        )
        job.start()
        for earlier in self._lives[:-1]:
            earlier.close()
        self._lives.append(job)
        return job

    def _lines(self) -> list[str]:
        return [line for life in self._lives for line in _lines_since_start(life)]


def _lines_since_start(job: AlertProcess) -> list[str]:
    return [line for line in job.log_since_start().splitlines() if line.startswith("PERINGATAN ")]


def _has_spoken(job: AlertProcess) -> bool:
    return 'event="' in job.log_since_start()


def _process_below(pid: int, name: str) -> int | None:
    """The process of this name that is `pid` or a child of it; None if there is none."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for one in (pid, *map(int, children)):
        if Path(f"/proc/{one}/comm").read_text().startswith(name):
            return one
    return None

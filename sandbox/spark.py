import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from sandbox.fetched import PROJECT, jars, pyspark_home
from sandbox.process import STOP_TIMEOUT_S, TAIL_LINES, Child

READY_TIMEOUT_S = 300.0  # on a busy machine; one that cannot start says so by ending
LAST_WORDS_S = 2.0  # to read what stands in the pipe of a job that has ended
DRIVER_MEMORY = "512m"
PIPELINE_MEMORY = "1g"
# Starts fast and stays small on few cores; spark-submit has to be told before the job can choose for itself.
JAVA_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
LOG_OPTION = f"-Dlog4j2.configurationFile={PROJECT / 'spark' / 'suhu_jobs' / 'log4j2.properties'}"


class AlertJob(Child):
    """`spark-submit spark/alerts.py`, ready when `start` returns: the query runs and the printer has its position.

    Restarted on the same checkpoint it goes on where it was.
    """

    def __init__(
        self,
        work_dir: Path,
        bootstrap_servers: str,
        checkpoint: Path,
        *,
        mode: str = "real-time",
        arguments: Sequence[str] = (),
        submit_arguments: Sequence[str] = (),
        on_line: Callable[[str], object] | None = None,
        name: str = "alerts",
    ) -> None:
        """Prepare the job.

        Args:
            work_dir: for logs and Spark's scratch files.
            bootstrap_servers: of Kafka.
            checkpoint: a folder that survives restarts.
            mode: `real-time` or `micro-batch`.
            arguments: further options of alerts.py.
            submit_arguments: further options of spark-submit.
            on_line: called with each printed line as it comes, without its newline, in a thread of its own.
            name: of the log file.
        """
        self._lines: list[str] = []
        self._on_line = on_line
        self._reader = threading.Thread()
        super().__init__(
            name,
            [
                *_submit(DRIVER_MEMORY, f"{JAVA_OPTIONS} {LOG_OPTION}", submit_arguments),
                str(PROJECT / "spark" / "alerts.py"),
                *("--bootstrap-servers", bootstrap_servers, "--checkpoint", str(checkpoint), "--mode", mode),
                *arguments,
            ],
            work_dir,
            env=_environment(work_dir),
            pipe_stdout=True,
        )

    @property
    def lines(self) -> list[str]:
        """All lines that it has printed, over restarts."""
        return list(self._lines)

    def start(self) -> Self:
        """Start it and wait until it warns.

        Raises:
            SandboxError: it does not; with the last lines of its log.
        """
        super().start()
        self._reader = threading.Thread(target=self._read, name=f"{self.name} output", daemon=True)
        self._reader.start()
        self.wait_for_line("alerts ready", READY_TIMEOUT_S)
        return self

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int | None:
        """Ask it to end, and return its exit code when it has, and when all it printed has been read."""
        code = super().stop(timeout_s)
        self._join()
        return code

    def kill(self) -> None:
        """End it as a power cut would; `start` brings it back."""
        super().kill()
        self._join()

    def wait_for_lines(self, count: int, timeout_s: float) -> list[str]:
        """Wait until it has printed so many lines in all, and return all.

        Raises:
            SandboxError: the time is over or it has ended.
        """
        self.wait_until(lambda: len(self._lines) >= count, timeout_s, f"{count} printed lines")
        return self.lines

    def log_tail(self, lines: int = TAIL_LINES) -> str:
        """Read the last lines of the log and of the output: spark-submit puts Python's last words into the latter."""
        if not self.alive:
            self._join(LAST_WORDS_S)
        return "\n".join([super().log_tail(lines), *self._lines[-lines:]])

    def _read(self) -> None:
        for line in self.stdout:
            self._lines.append(line.rstrip("\n"))
            if self._on_line:
                self._on_line(self._lines[-1])

    def _join(self, timeout_s: float | None = None) -> None:
        if self._reader.ident is not None:  # it was started
            self._reader.join(timeout_s)


class PipelineJob(Child):
    """`spark-submit spark/pipeline.py`, ready when `start` returns: each of its queries has read.

    Restarted on the same checkpoint it goes on where it was.
    """

    def __init__(
        self,
        work_dir: Path,
        bootstrap_servers: str,
        checkpoint: Path,
        *,
        queries: Sequence[str] = (),
        arguments: Sequence[str] = (),
        submit_arguments: Sequence[str] = (),
        name: str = "pipeline",
    ) -> None:
        """Prepare the job.

        Args:
            work_dir: for logs and Spark's scratch files.
            bootstrap_servers: of Kafka.
            checkpoint: a folder that survives restarts.
            queries: which of them; all when there is none.
            arguments: further options of pipeline.py.
            submit_arguments: further options of spark-submit.
            name: of the log file.
        """
        super().__init__(
            name,
            [
                *_submit(PIPELINE_MEMORY, "-XX:+UseSerialGC", submit_arguments),
                str(PROJECT / "spark" / "pipeline.py"),
                *("--bootstrap-servers", bootstrap_servers, "--checkpoint", str(checkpoint)),
                *(("--queries", ",".join(queries)) if queries else ()),
                *arguments,
            ],
            work_dir,
            env=_environment(work_dir),
        )

    def start(self) -> Self:
        """Start it and wait until every query reads.

        Raises:
            SandboxError: one does not; with the last lines of its log.
        """
        super().start()
        self.wait_for_line("pipeline ready", READY_TIMEOUT_S)
        return self


def _submit(memory: str, java_options: str, further: Sequence[str]) -> list[str]:
    return [
        str(pyspark_home() / "bin" / "spark-submit"),
        *("--driver-memory", memory, "--driver-java-options", java_options),
        *("--jars", ",".join(str(jar) for jar in jars("spark"))),
        *further,
    ]


def _environment(work_dir: Path) -> dict[str, str]:
    return {
        "SPARK_HOME": str(pyspark_home()),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LAUNCHER_OPTS": JAVA_OPTIONS,
        "SPARK_LOCAL_DIRS": str(work_dir / "spark-scratch"),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }

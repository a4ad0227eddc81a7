import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Self, TypeVar

from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.startable import Startable
from sandbox.waiting import POLL_S, wait_until

T = TypeVar("T")
TAIL_LINES = 20
STOP_TIMEOUT_S = 20.0  # Spark and a Kafka cluster of several nodes take more than 5
TETHER = Path(__file__).parent / "tether.py"


class Child(Startable):
    """A child process in a session of its own, which cannot outlive this process (see tether.py).

    What it writes goes to `<work_dir>/logs/<name>.log`, appended over restarts. With `pipe_stdout` its standard
    output is read by the caller instead (`stdout`), who must keep up: a full pipe stops the child. What it wrote
    last can be read after `stop`, until the next `start` or the end of the context.
    Used as a context manager it is started on entry and stopped on exit.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        work_dir: Path,
        *,
        env: Mapping[str, str] | None = None,  # added to this process's own
        pipe_stdout: bool = False,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = work_dir / "logs" / f"{name}.log"
        self._env = dict(env or {})
        self._pipe_stdout = pipe_stdout
        self._process: subprocess.Popen[str] | None = None
        self._lifeline = -1  # writing end; the tether's guard kills the group when it is closed
        self._log_start = 0  # bytes; where this start's words begin

    def start(self) -> Self:
        """Start it; after it has ended, start it anew."""
        if self.alive:
            raise SandboxError(f"{self.name} is running already (process {self.pid})")
        self._let_go()
        self._close_stdout()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        reading_end, self._lifeline = os.pipe()
        try:
            with self.log.open("ab") as log:
                self._log_start = log.tell()
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(TETHER), str(reading_end), *self.argv],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if self._pipe_stdout else log,
                    stderr=log,
                    cwd=PROJECT,
                    env={**os.environ, **self._env},
                    pass_fds=[reading_end],
                    start_new_session=True,
                    encoding="utf-8",
                    errors="replace",
                )
        finally:
            os.close(reading_end)
        return self

    @property
    def pid(self) -> int:
        """The process id; also that of the process group."""
        return self._running().pid

    @property
    def stdout(self) -> IO[str]:
        """The standard output of a child that was made with `pipe_stdout`; a new one after each start."""
        stdout = self._running().stdout
        if stdout is None:
            raise SandboxError(f"the output of {self.name} goes to {self.log}")
        return stdout

    @property
    def returncode(self) -> int | None:
        """The exit code, the negative signal number, or None as long as it runs or was never started."""
        return self._process.poll() if self._process else None

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended; a frozen child is alive."""
        return self._process is not None and self._process.poll() is None

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int | None:
        """Ask it to end (SIGTERM to the process itself), after `timeout_s` end it and all below it by force.

        Returns:
            The exit code; None if it was never started.
        """
        if self.alive:
            self.terminate()
            try:
                self._running().wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
        self._let_go()
        return self.returncode

    def restart(self) -> Self:
        """Stop it if it runs, and start it anew."""
        self.stop()
        return self.start()

    def terminate(self) -> None:
        """Ask it to end, as `stop` does, and do not wait."""
        if self.alive:
            self.thaw()
            self._running().terminate()

    def kill(self) -> None:
        """End it and all below it at once, as a power cut would (SIGKILL)."""
        self._signal_group(signal.SIGKILL)
        if self._process:
            self._process.wait()
        self._let_go()

    def freeze(self) -> None:
        """Let it hang, with all below it (SIGSTOP): connections stay open and nothing is answered."""
        self._signal_group(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self._signal_group(signal.SIGCONT)

    def wait_until(self, check: Callable[[], T], timeout_s: float, what: str, *, poll_s: float = POLL_S) -> T:
        """Ask as `waiting.wait_until` does, as long as the child lives.

        Raises:
            SandboxError: the time is over or the child has ended; with the last lines of its log.
        """

        def check_while_alive() -> T:
            if not self.alive:
                raise SandboxError(f"it ended with exit code {self.returncode} before {what}")
            return check()

        try:
            return wait_until(check_while_alive, timeout_s, what, poll_s=poll_s)
        except SandboxError as error:
            raise SandboxError(f"{self.name}: {error}; the last lines of {self.log}:\n{self.log_tail()}") from None

    def wait_for_line(self, words: str, timeout_s: float) -> str:
        """Wait until a line that contains `words` stands in the log since this start, and return it.

        Raises:
            SandboxError: as `wait_until`.
        """

        def find() -> str:
            complete = self.log_since_start().splitlines(keepends=True)
            return next((line.rstrip("\n") for line in complete if words in line and line.endswith("\n")), "")

        return self.wait_until(find, timeout_s, f"a line with {words!r}")

    def log_since_start(self) -> str:
        """Read what the child has written to its log since it was started last."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", "replace")

    def log_tail(self, lines: int = TAIL_LINES) -> str:
        """Read the last lines of this start's log, for a person."""
        return "\n".join(self.log_since_start().splitlines()[-lines:]) or "(nothing was written)"

    def close(self) -> None:
        """Stop it; what it wrote last can no longer be read."""
        self.stop()
        self._close_stdout()

    def _close_stdout(self) -> None:
        if self._process and self._process.stdout:
            self._process.stdout.close()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise SandboxError(f"{self.name} has not been started")
        return self._process

    def _signal_group(self, number: signal.Signals) -> None:
        if self.alive:  # not reaped yet, so the id is still its own
            os.killpg(self.pid, number)

    def _let_go(self) -> None:
        """Have the guard kill what the process may have left in its group, and end itself."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

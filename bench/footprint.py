import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Footprint:
    """What a process of this machine has used so far, from /proc (Linux, see proc(5)).

    MB are 1,048,576 bytes, as `top` counts them.
    """

    def __init__(self, pid: int) -> None:
        self._folder = Path("/proc") / str(pid)

    def cpu_s(self) -> float:
        """CPU time of all threads, in user and system mode; in steps of 10 ms."""
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def rss_mb(self) -> float:
        """Memory in use now."""
        return self._status_mb("VmRSS")

    def peak_rss_mb(self) -> float:
        """The most memory in use at a time since `forget_peak`."""
        return self._status_mb("VmHWM")

    def forget_peak(self) -> None:
        """Let the peak begin anew."""
        (self._folder / "clear_refs").write_text("5")

    def _status_mb(self, name: str) -> float:
        lines = (self._folder / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


class FamilyFootprint:
    """What a process and everything below it use: spark-submit's JVM, its driver in Python, Spark's Python workers."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def cpu_s(self) -> float:
        """CPU time of all that run now; what has ended is not in it."""
        return sum(_each(self._members(), Footprint.cpu_s))

    def peak_rss_mb(self) -> float:
        """The sum of each one's own peak, so at least what they ever used together."""
        return sum(_each(self._members(), Footprint.peak_rss_mb))

    def _members(self) -> Iterator[Footprint]:
        waiting = [self._pid]
        while waiting:
            pid = waiting.pop()
            yield Footprint(pid)
            with suppress(OSError):  # it has ended
                for task in Path(f"/proc/{pid}/task").iterdir():
                    waiting += map(int, (task / "children").read_text().split())


def _each(members: Iterator[Footprint], figure: Callable[[Footprint], float]) -> Iterator[float]:
    for member in members:
        with suppress(OSError, StopIteration):  # it has ended; a dying one has no memory any more
            yield figure(member)

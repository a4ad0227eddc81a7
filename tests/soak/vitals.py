import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.soak.flatness import Sample

PERIOD_S = 5.0
HEALTH_TIMEOUT_S = 5.0


class Vitals:
    """Looks at the gateway every few seconds, in a thread: memory, descriptors, threads, and its health port.

    Args:
        pid: the process there is now, None while there is none.
        health_port: on loopback.
        period_s: between two looks.
    """

    def __init__(self, pid: Callable[[], int | None], health_port: int, period_s: float = PERIOD_S) -> None:
        self.samples: list[Sample] = []
        self.ready: Counter[str] = Counter()  # what /readyz answered: "200", "503", or "no answer"
        self._pid = pid
        self._port = health_port
        self._period_s = period_s
        self._began_s = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vitals", daemon=True)
        self._newest_pid = 0
        self._life = 0
        self._born_s = 0.0

    @property
    def lives(self) -> int:
        """How many processes there have been."""
        return self._life

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._period_s):
            pid = self._pid()
            if pid is None:
                continue
            with suppress(OSError, ValueError, StopIteration):  # it ends this very moment
                self._look(pid)
            self.ready[self._asked("/readyz")] += 1
            self._asked("/metrics")

    def _look(self, pid: int) -> None:
        figures = figures_of(Path(f"/proc/{pid}"))
        now_s = time.monotonic() - self._began_s
        if pid != self._newest_pid:
            self._newest_pid, self._born_s = pid, now_s
            self._life += 1
        self.samples.append(Sample(round(now_s, 1), self._life, round(now_s - self._born_s, 1), figures))

    def _asked(self, path: str) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=HEALTH_TIMEOUT_S) as answer:
                answer.read()
                return str(answer.status)
        except urllib.error.HTTPError as error:
            return str(error.code)
        except OSError:
            return "no answer"


def figures_of(process: Path) -> dict[str, float]:
    """Memory in MB of 1,048,576 bytes, open descriptors and threads; proc(5)."""
    rollup = _kilobytes((process / "smaps_rollup").read_text())
    return {
        "rss_mb": round(rollup["Rss"] / 1024, 2),
        "pss_mb": round(rollup["Pss"] / 1024, 2),
        "descriptors": len(list((process / "fd").iterdir())),
        "threads": len(list((process / "task").iterdir())),
    }


def _kilobytes(text: str) -> dict[str, int]:
    lines = (line.split() for line in text.splitlines()[1:])
    return {name.rstrip(":"): int(size) for name, size, *_ in lines}

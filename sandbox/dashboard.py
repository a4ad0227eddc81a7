import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from sandbox.ports import Port
from sandbox.process import Child

READY_TIMEOUT_S = 20.0


class Dashboard(Child):
    """`python -m dashboard` on a port of loopback that is its own over restarts; serves when `start` returns."""

    def __init__(
        self,
        work_dir: Path,
        bootstrap_servers: str,
        *,
        arguments: Sequence[str] = (),
        port: int | None = None,
        name: str = "dashboard",
    ) -> None:
        """Prepare it; `arguments` are further options, `port` a fixed one."""
        self._port = Port.fixed(port) if port else Port.reserve()
        listen = f"127.0.0.1:{self._port.number}"
        self.url = f"http://{listen}"  # https, where the arguments say so
        argv = [sys.executable, "-m", "dashboard", "--bootstrap-servers", bootstrap_servers, "--listen", listen]
        super().__init__(name, [*argv, *arguments], work_dir)

    def start(self) -> Self:
        """Start it and wait until it serves; whether Kafka is there is told on the page.

        Raises:
            SandboxError: it does not start; with its own words.
        """
        super().start()
        self.wait_for_line("event=started", READY_TIMEOUT_S)
        return self

    def close(self) -> None:
        """Stop it and let others have its port."""
        super().close()
        self._port.release()

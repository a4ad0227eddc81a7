import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from sandbox.process import Child

READY_TIMEOUT_S = 20.0


class Gateway(Child):
    """`python -m gateway run`, ready when `start` returns; its events are in the log, in logfmt."""

    def __init__(
        self,
        work_dir: Path,
        config: Path,
        *,
        arguments: Sequence[str] = (),
        name: str = "gateway",
        python: str = sys.executable,
    ) -> None:
        """Prepare a gateway on one configuration file; `arguments` are further options of `run`."""
        argv = [python, "-m", "gateway", "run", "--config", str(config), *arguments]
        super().__init__(name, argv, work_dir)

    def start(self) -> Self:
        """Start it and wait until it runs; whether Kafka and its sources are there is told by later events.

        Raises:
            SandboxError: it does not start; with its own words.
        """
        super().start()
        self.wait_for_line("event=started", READY_TIMEOUT_S)
        return self


class Firmware(Child):
    """`python -m firmware_sim`: simulated devices, ready when `start` returns: their links exist.

    Every reading that leaves a device is appended to `truth`, as JSON Lines.
    """

    def __init__(
        self, work_dir: Path, arguments: Sequence[str], *, truth: Path, devices: int = 1, name: str = "firmware"
    ) -> None:
        """Prepare devices as `arguments` describe them; `devices` is how many these are."""
        self.truth = truth
        self._devices = devices
        argv = [sys.executable, "-m", "firmware_sim", *arguments, "--truth", str(truth)]
        super().__init__(name, argv, work_dir)

    def start(self) -> Self:
        """Start them and wait until every device can be used.

        Raises:
            SandboxError: one cannot be put in its place; with the simulator's own words.
        """
        super().start()
        self.wait_until(lambda: len(self.addresses()) >= self._devices, READY_TIMEOUT_S, "its devices can be used")
        return self

    def addresses(self) -> dict[str, str]:
        """Tell where each device is, by its name: the link of its pseudo-terminal, a `socket://` URL, `host:port`."""
        ready = (line.split(" ", 3) for line in self.log_since_start().splitlines() if line.startswith("ready "))
        return {name: address for _, _kind, name, address in ready}

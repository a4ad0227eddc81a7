import os
from pathlib import Path
from typing import ClassVar


class SimulatorError(Exception):
    """Something a person has to put right; its text names cause, place and remedy."""

    exit_code: ClassVar[int] = os.EX_SOFTWARE


class FlagError(SimulatorError):
    """The command line does not describe a device."""

    exit_code = os.EX_USAGE


class ScenarioError(SimulatorError):
    """The scenario file does not describe devices."""

    exit_code = os.EX_CONFIG


class LinkUnavailable(SimulatorError):
    """The stable name of a pseudo-terminal cannot be put in its place."""

    exit_code = os.EX_CANTCREAT

    def __init__(self, link: Path, cause: str) -> None:
        super().__init__(f"cannot put a device at {link}: {cause}; give another path to --pty (link in a scenario)")
        self.link = link


class AddressUnavailable(SimulatorError):
    """The TCP address cannot be listened on."""

    exit_code = os.EX_UNAVAILABLE

    def __init__(self, host: str, port: int, cause: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {cause}; give another --port, or 0 for any free one")
        self.host = host
        self.port = port


class TruthUnwritable(SimulatorError):
    """The ground truth cannot be written, so nothing emitted from here on could be proven."""

    exit_code = os.EX_IOERR

    def __init__(self, path: Path, cause: str) -> None:
        super().__init__(f"cannot write the ground truth {path}: {cause}; free the place or give another --truth")
        self.path = path

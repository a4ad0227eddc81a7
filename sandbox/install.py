"""Make `.venv` and install the hashed lock into it: `python3 -m sandbox.install` (by `make setup`).

Runs under the user's Python, before anything is installed.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path

from sandbox.fetched import FETCHED, PROJECT
from sandbox.preflight import runs
from sandbox.setup_step import run_step
from sandbox.transcript import failed, follow

VENV = PROJECT / ".venv"
LOCK = PROJECT / "requirements-dev.txt"
_PACKAGE = re.compile(r"^(?:Collecting|Processing|Requirement already satisfied:) (?:\S*/)?([^\s;]+)")
_LARGE = re.compile(r"^  (Downloading \S+ \(\d{2,}\.\d MB\))")  # worth a line of its own: this is where people wait
_PHASE = re.compile(r"^ *(Building wheel for \S+|Installing collected packages)")


def install(folder: Path = VENV, lock: Path = LOCK, scratch: Path = FETCHED) -> None:
    """Install exactly what the lock names; at once when that has been done. The stamp is written last.

    Args:
        folder: the virtual environment; made when it is missing or broken.
        lock: versions with hashes.
        scratch: a folder for pip's log and what it unpacks meanwhile.

    Raises:
        SandboxError: the registry cannot be reached, the disk is full, or a package is not the locked one.
    """
    stamp, recipe = folder / "lock", hashlib.sha256(lock.read_bytes()).hexdigest()
    python = folder / "bin" / "python"
    works = python.exists() and runs([str(python), "-c", "import pip"])
    if works and stamp.exists() and stamp.read_text() == recipe:
        return
    stamp.unlink(missing_ok=True)
    scratch.mkdir(exist_ok=True)
    if not works:
        print(f"python: making {folder.name} with Python {sys.version.split()[0]}", flush=True)
        _make(folder, scratch / "venv.log")
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", "-r", str(lock)]
    unpacked = scratch / "unpacked"  # /tmp may be small, and preflight looked at this disk
    shutil.rmtree(unpacked, ignore_errors=True)  # of a run that was killed
    unpacked.mkdir(parents=True)
    lines = follow(pip, scratch / "pip.log", "Installing the Python packages", {**os.environ, "TMPDIR": str(unpacked)})
    _show(lines, total=len(re.findall(r"^\S+==", lock.read_text(), re.MULTILINE)))
    shutil.rmtree(unpacked)
    stamp.write_text(recipe)


def _make(folder: Path, log: Path) -> None:
    try:
        venv.create(folder, clear=True, with_pip=True)
    except subprocess.CalledProcessError as error:
        log.write_bytes(error.output or b"")
        raise failed("Making the virtual environment", log) from error


def _show(lines: Iterable[str], total: int) -> None:
    """Print how far pip is: a line a package, and one for each long step."""
    done = 0
    for line in lines:
        if package := _PACKAGE.match(line):
            done += 1
            print(f"[{done}/{total}] {package[1]}", flush=True)
        elif line.startswith("Ignoring "):  # for another operating system
            total -= 1
        elif step := _LARGE.match(line) or _PHASE.match(line):
            print(f"python: {step[1]}", flush=True)


if __name__ == "__main__":
    sys.exit(run_step(install))

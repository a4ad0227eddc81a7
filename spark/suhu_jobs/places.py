"""Where things lie when no option says so: a checkout keeps its own, a service or a user where such things go."""

import os
from collections.abc import Mapping
from pathlib import Path

IMPORTED_FROM = Path(__file__).resolve().parents[1]  # the folder that has to be on Python's path


def checkout(folder: Path = IMPORTED_FROM) -> Path | None:
    """The project's folder; None when the package is installed, as a wheel is, without alerts.py beside it."""
    return folder.parent if (folder / "alerts.py").exists() else None


def kept(name: str, project: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """A folder for what must outlive the program: systemd's StateDirectory=, else the user's (XDG base directories)."""
    if project is not None:
        return project / "var" / name
    if folder := environment.get("STATE_DIRECTORY"):
        return Path(folder.split(":")[0]) / name
    return Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "suhu-gateway" / name


def fetched(project: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder for what can be had again: jars, saved classes."""
    if project is not None:
        return project / ".fetched"
    if folder := environment.get("CACHE_DIRECTORY"):
        return Path(folder.split(":")[0])
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "suhu-gateway"


PROJECT = checkout()
FETCHED_JARS = fetched(PROJECT) / "lib" / "spark"

"""Build the wheel: `python -m sandbox.wheel [FOLDER]` (by `make wheel`)."""

import shutil
import sys
import tempfile
from pathlib import Path

from sandbox.fetched import PROJECT
from sandbox.setup_step import run_step
from sandbox.transcript import follow

FOLDER = PROJECT / "dist"
SOURCES = ("pyproject.toml", "README.md", "gateway", "dashboard", "spark/suhu_jobs")
_NO_SOURCE = shutil.ignore_patterns("__pycache__", "*.pyc")


def build_wheel(folder: Path, project: Path = PROJECT) -> Path:
    """Build it from a copy of the sources, and return where it is.

    A copy, because setuptools keeps what it has built beside them, and packs it again when its source is gone.

    Raises:
        SandboxError: it cannot be built; with the last lines of the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="suhu-wheel-") as scratch:
        copy, made = Path(scratch) / "sources", Path(scratch) / "made"
        for name in SOURCES:
            _copy(project / name, copy / name)
        argv = [sys.executable, "-m", "build", "--wheel", "--outdir", str(made), str(copy)]
        for _ in follow(argv, folder / "wheel.log", "Building the wheel"):
            pass
        (wheel,) = made.glob("*.whl")
        return Path(shutil.move(wheel, folder / wheel.name))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=_NO_SOURCE)
    elif source.exists():
        shutil.copy(source, target)


def _build() -> None:
    print(f"wheel: {build_wheel(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)}")


if __name__ == "__main__":
    sys.exit(run_step(_build))

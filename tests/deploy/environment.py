import subprocess
import sys
from pathlib import Path


def empty(folder: Path) -> Path:
    """A new virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
    return folder


def pip(environment: Path, *arguments: str | Path) -> None:
    ended = subprocess.run(
        [environment / "bin" / "python", "-m", "pip", "install", "--quiet", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr

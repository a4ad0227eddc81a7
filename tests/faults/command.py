import subprocess
from pathlib import Path


def run(*command: str | Path, check: bool = True) -> str:
    """Run a program of the system and return what it prints.

    Raises:
        OSError: it fails, and `check` is set; with its own words.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise OSError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout.strip()

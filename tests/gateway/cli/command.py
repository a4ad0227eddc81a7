import subprocess
import sys
from pathlib import Path


def gateway(*arguments: str | Path, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; a traceback is never an answer."""
    ended = subprocess.run(
        [sys.executable, "-m", "gateway", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended

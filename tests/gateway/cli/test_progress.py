"""A bar is seen on a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys

WAITS = """
import asyncio
from gateway.cli.progress import bar, timed
print(asyncio.run(timed(asyncio.sleep(0.5, "slept"), "listening", 10.0)))
with bar("exporting", 3, beside_output=True) as moving:
    moving.update(3)
"""


def test_no_bar_on_a_pipe() -> None:
    ended = subprocess.run([sys.executable, "-c", WAITS], capture_output=True, text=True, timeout=30, check=True)
    assert (ended.stdout, ended.stderr) == ("slept\n", "")


def shown(*, output_too: bool) -> str:
    ours, theirs = pty.openpty()
    stdout = theirs if output_too else subprocess.DEVNULL
    subprocess.run([sys.executable, "-c", WAITS], stdout=stdout, stderr=theirs, timeout=30, check=True)
    os.close(theirs)
    text = ""
    try:
        while data := os.read(ours, 65_536):
            text += data.decode()
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return text


def test_a_bar_fills_on_a_terminal_also_when_the_work_ends_early() -> None:
    text = shown(output_too=False)
    assert "listening" in text
    assert "100%" in text
    assert "exporting" in text


def test_lines_and_a_bar_on_one_terminal_would_tear_each_other() -> None:
    text = shown(output_too=True)
    assert "listening" in text
    assert "exporting" not in text

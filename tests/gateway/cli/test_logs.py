"""Where the daemon's words go, seen from outside: each test is one start with its own standard error."""

import os
import pty
import subprocess
import sys
from pathlib import Path

SAYS = """
from gateway.cli.logs import configure_logging
import structlog
configure_logging(verbose={verbose})
structlog.get_logger().debug("detail")
structlog.get_logger().warning("kafka_down", error="no broker answers", waiting=3)
"""


def said(stderr: int, *, verbose: bool = False, **environ: str) -> None:
    program = [sys.executable, "-c", SAYS.format(verbose=verbose)]
    subprocess.run(program, stderr=stderr, env={**os.environ, **environ}, check=True, timeout=30)


def on_a_file(tmp_path: Path, *, verbose: bool = False, **environ: str) -> str:
    with (tmp_path / "log").open("w") as log:
        if "JOURNAL_STREAM" in environ:
            status = os.fstat(log.fileno())
            environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
        said(log.fileno(), verbose=verbose, **environ)
    return (tmp_path / "log").read_text()


def on_a_terminal(**environ: str) -> str:
    ours, theirs = pty.openpty()
    said(theirs, **environ)
    os.close(theirs)
    text = os.read(ours, 4096).decode()
    os.close(ours)
    return text


def test_a_pipe_gets_logfmt_with_time_level_and_event_first(tmp_path: Path) -> None:
    line = on_a_file(tmp_path)
    assert line.startswith("timestamp=20")
    assert line.endswith('Z level=warning event=kafka_down error="no broker answers" waiting=3\n')


def test_verbose_says_details_too(tmp_path: Path) -> None:
    assert "event=detail" in on_a_file(tmp_path, verbose=True)


def test_a_terminal_gets_colours_unless_no_color_is_set() -> None:
    assert "\x1b[" in on_a_terminal()
    plain = on_a_terminal(NO_COLOR="1")
    assert "\x1b[" not in plain
    assert "kafka_down" in plain


def test_a_journal_that_takes_nothing_does_not_swallow_the_line(tmp_path: Path) -> None:
    if Path("/run/systemd/journal/socket").exists():
        return  # of this machine: it would take the line; tests/deploy boots one of its own
    assert "event=kafka_down" in on_a_file(tmp_path, JOURNAL_STREAM="this file")

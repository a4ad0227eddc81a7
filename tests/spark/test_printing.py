import fcntl
import os
import threading
from functools import partial
from pathlib import Path

import pytest
from suhu_jobs.alert import Alert
from suhu_jobs.printing import Console, shortest, wants_colour, warning_line, write_all


def _alert(
    sensor_id: str = "S1", celsius: float = 83.4, measured_at: str | None = None, event_id: str | None = None
) -> Alert:
    return Alert("sensor-suhu", 1, 42, sensor_id, celsius, 80.0, measured_at, event_id)


def test_line_is_one_glance() -> None:
    alert = _alert(measured_at="2026-11-22T03:04:05.678Z", event_id="pabrik-1/k3v9/1042")
    assert warning_line(alert) == ("PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/1042")


def test_line_says_what_is_missing_and_what_may_be_a_repeat() -> None:
    assert warning_line(_alert(), repeated=True) == "PERINGATAN S1 83.4 °C > 80 °C - - (mungkin ulangan)"


@pytest.mark.parametrize(
    ("number", "text"),
    [(80.0, "80"), (83.4, "83.4"), (80.0000001, "80.0000001"), (1e22, "1e+22"), (-273.15, "-273.15"), (0.1, "0.1")],
)
def test_numbers_are_short_and_exact(number: float, text: str) -> None:
    assert shortest(number) == text


@pytest.mark.parametrize(
    ("sensor_id", "shown"),
    [
        ("tungku/utara #4 °", "tungku/utara #4 °"),
        ("a\nPERINGATAN b", "a\\u000aPERINGATAN b"),
        ("\x1b[2J\x1b]0;x\x07", "\\u001b[2J\\u001b]0;x\\u0007"),
        ("\x9b31m\x7f", "\\u009b31m\\u007f"),
        ("a\u202eb\u2028c\u00a0d\u200be", "a\\u202eb\\u2028c\\u00a0d\\u200be"),
        ("\ud800", "\\ud800"),
    ],
)
def test_nothing_in_an_id_reaches_the_terminal_as_a_command(sensor_id: str, shown: str) -> None:
    line = warning_line(_alert(sensor_id))
    assert line == f"PERINGATAN {shown} 83.4 °C > 80 °C - -"
    line.encode()


def test_the_last_two_fields_are_one_word_each() -> None:
    line = warning_line(_alert("mesin 7", measured_at="22 Nov", event_id=""))
    assert line == "PERINGATAN mesin 7 83.4 °C > 80 °C 22\\u0020Nov -"


@pytest.mark.parametrize(
    ("terminal", "environment", "expected"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"NO_COLOR": ""}, True)],
)
def test_colour_is_for_terminals_that_want_it(terminal: bool, environment: dict[str, str], expected: bool) -> None:
    assert wants_colour(terminal=terminal, environment=environment) is expected


@pytest.mark.parametrize(("colour", "written"), [(False, "hot °\n"), (True, "\x1b[1;31mhot °\x1b[0m\n")])
def test_console_writes_a_line_at_once(tmp_path: Path, colour: bool, written: str) -> None:
    path = tmp_path / "out"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        Console(partial(write_all, descriptor), colour=colour).print("hot °")
        assert path.read_text() == written
    finally:
        os.close(descriptor)


def test_console_tells_when_nobody_reads() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with pytest.raises(BrokenPipeError):
            Console(partial(write_all, writing), colour=False).print("hot")
    finally:
        os.close(writing)


def test_a_pipe_that_does_not_block_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    size = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)
    text = b"x" * (3 * size) + b"\n"
    got: list[bytes] = []
    with os.fdopen(reading, "rb") as pipe:
        reader = threading.Thread(target=lambda: got.append(pipe.read()))
        reader.start()
        write_all(writing, text)
        os.close(writing)
        reader.join()
    assert got == [text]

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from suhu_jobs.errors import StorageError
from suhu_jobs.report.plot import Minute, draw

COOL = [Minute(number, 60, 61, 62) for number in range(1440)]
HOT = [Minute(number, 90, 91, 92) for number in range(600, 700)]


def _pixels(file: Path, machines: Sequence[Sequence[Minute]]) -> tuple[int, int, int, int]:
    """Draw; return width and height, and how many pixels have the colours of a hot mean and of a cool one."""
    draw({f"S{number}": minutes for number, minutes in enumerate(machines)}, {}, "2026-11-22", 80, file)
    width, height = struct.unpack(">II", file.read_bytes()[16:24])
    colours = np.round(imread(file)[..., :3] * 255)
    hot, cool = ((np.abs(colours - colour) < 6).all(axis=2).sum() for colour in ((192, 57, 43), (31, 95, 139)))
    return width, height, int(hot), int(cool)


def test_it_is_1000_pixels_wide_and_grows_with_the_machines(tmp_path: Path) -> None:
    assert _pixels(tmp_path / "a.png", [COOL])[:2] == (1000, 330)
    assert _pixels(tmp_path / "b.png", [COOL] * 3)[:2] == (1000, 750)
    assert _pixels(tmp_path / "c.png", [COOL] * 24)[:2] == (1000, 2640)


def test_what_is_hot_is_red_and_what_was_not_measured_is_not_drawn(tmp_path: Path) -> None:
    _, _, red_of_the_limit, cool = _pixels(tmp_path / "cool.png", [COOL])
    _, _, red, _ = _pixels(tmp_path / "hot.png", [[*COOL[:600], *HOT]])
    _, _, _, cool_half = _pixels(tmp_path / "half.png", [COOL[:720]])
    assert red > red_of_the_limit + 60
    assert 0.4 * cool < cool_half < 0.6 * cool


def test_a_minute_alone_is_seen(tmp_path: Path) -> None:
    assert _pixels(tmp_path / "a.png", [[Minute(700, 60, 60, 60)]])[3] > 8


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot write .*/none/a\.png \(No such file or directory\): give another"):
        draw({"S1": COOL}, {}, "2026-11-22", 80, tmp_path / "none" / "a.png")

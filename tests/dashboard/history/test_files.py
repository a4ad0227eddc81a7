from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import HistoryError
from dashboard.history.files import days, files_of, parse_day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-31",
        "2026-1-2",
        "20261122",
        "2026-W01-1",
        "../../etc",
        "2026-11-22/..",
        "day=2026-11-22",
        "x" * 10_000,
    ],
)
def test_what_is_no_day_never_becomes_a_path(text: str) -> None:
    with pytest.raises(HistoryError) as caught:
        parse_day(text)
    assert caught.value.status == 400


@given(st.text(max_size=30))
def test_a_day_is_ten_characters_or_refused(text: str) -> None:
    try:
        found = parse_day(text)
    except HistoryError:
        return
    assert (found, len(found), found.count("-")) == (text, 10, 2)


def test_days_the_newest_first(tmp_path: Path) -> None:
    for name in ("day=2026-11-20", "day=2026-11-22", "_history", "day=x", "other"):
        (tmp_path / name).mkdir()
    assert days(tmp_path) == ["2026-11-22", "2026-11-20"]
    assert days(tmp_path / "none") == []


def test_files_that_repeat_others_are_left_out(tmp_path: Path) -> None:
    names = [
        "t0-0000000412-0000000412-1afa4814.parquet",
        "t0-0000000031-0000000031-1afa4814.parquet",  # in the next one
        "t1-0000000000-0000000031-1afa4814.parquet",
        "t0-0000000031-0000000031-99999999.parquet",  # of another query
        ".t0-0000000412-0000000412-1afa4814.parquet.crc",
        "notes.parquet",
    ]
    place = tmp_path / "day=2026-11-22"
    place.mkdir()
    for name in names:
        (place / name).touch()
    assert files_of(tmp_path, "2026-11-22") == [str(place / names[3]), str(place / names[0]), str(place / names[2])]
    assert files_of(tmp_path, "2026-11-21") == []

from pathlib import Path

import pytest
from suhu_jobs.flag import Flag


def test_it_is_down_until_it_is_raised_and_stays_so_over_restarts(tmp_path: Path) -> None:
    flag = Flag(tmp_path / "flag")
    assert not flag.is_up
    flag.put(up=True)
    flag = Flag(tmp_path / "flag")
    assert flag.is_up
    flag.put(up=False)
    assert not Flag(tmp_path / "flag").is_up


def test_raising_it_takes_no_more_room_than_it_has(tmp_path: Path) -> None:
    flag = Flag(tmp_path / "flag")
    before = (tmp_path / "flag").stat()
    flag.put(up=True)
    after = (tmp_path / "flag").stat()
    assert (after.st_size, after.st_blocks, after.st_ino) == (before.st_size, before.st_blocks, before.st_ino)


def test_a_file_that_cannot_be_written_is_told_at_the_start_and_not_later(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Flag(tmp_path / "missing" / "flag")
    flag = Flag(tmp_path / "flag")
    (tmp_path / "flag").unlink()
    flag.put(up=True)
    assert not flag.is_up

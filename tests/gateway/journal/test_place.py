import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import SpoolError
from gateway.journal import Append, Delivered, Journal
from gateway.model import Reading

MOMENT = datetime(2026, 11, 22, 3, 4, 5, 678_000, UTC)
MIB = 1 << 20


def append(celsius: float) -> list[Append]:
    return [Append(Reading("S1", celsius, MOMENT, "serial"))]


def delete_the_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def delete_the_file(path: Path) -> None:
    path.unlink()


def replace_the_file(path: Path) -> None:
    path.rename(path.with_name("moved.db"))
    path.write_bytes(b"something else")


@pytest.mark.parametrize("fault", [delete_the_folder, delete_the_file, replace_the_file])
def test_a_commit_into_a_file_that_is_gone_is_an_error_and_the_next_attempt_writes_all_of_it_anew(
    tmp_path: Path, fault: Callable[[Path], None]
) -> None:
    path = tmp_path / "state" / "journal.db"
    journal = Journal(path, "pabrik-1", 8 * MIB)
    for celsius in (70.0, 71.0, 72.0):
        journal.apply(append(celsius))
    journal.apply([Delivered(1, journal.name)])
    fault(path)
    with pytest.raises(SpoolError, match=r"was deleted, moved or replaced|No such file"):
        journal.apply(append(73.0))
    assert [one.sequence for one in journal.apply(append(73.0))] == [4]
    assert [one.sequence for one in journal.apply(append(74.0))] == [5]
    name = journal.name
    journal.close()
    again = Journal(path, "pabrik-1", 8 * MIB)
    assert (again.name, again.delivered) == (name, 1)
    assert [one.sequence for one in again.read(0, 10)] == [2, 3, 4, 5]
    again.close()


def test_what_lay_in_the_way_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, "pabrik-1", 8 * MIB)
    replace_the_file(path)
    with pytest.raises(SpoolError):
        journal.apply(append(70.0))
    journal.apply(append(70.0))
    assert [one.read_bytes() for one in tmp_path.glob("journal.db.bad-*")] == [b"something else"]
    journal.close()

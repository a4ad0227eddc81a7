import shutil
import sqlite3
from pathlib import Path

import pytest

from gateway.errors import SpoolError
from gateway.journal import Journal
from gateway.journal.database import SCHEMA_VERSION

RELEASED = Path(__file__).parent / "released"
MIB = 1 << 20


@pytest.mark.parametrize("schema", range(1, SCHEMA_VERSION + 1))
def test_a_journal_of_each_released_schema_is_opened_with_all_that_is_in_it(tmp_path: Path, schema: int) -> None:
    path = tmp_path / "journal.db"
    shutil.copy(RELEASED / f"schema-{schema}.db", path)
    journal = Journal(path, "pabrik-1", 8 * MIB)
    assert (journal.delivered, journal.last_sequence) == (2, 5)
    waiting = journal.read(0, 100)
    assert [(one.sequence, one.key, one.timestamp_ms) for one in waiting] == [
        (3, b"S1", 1_795_316_645_678),
        (4, b"S2", 1_795_316_645_678),
        (5, b"S1", 1_795_316_645_678),
    ]
    assert b'"suhu":72.0' in waiting[0].value
    assert [(one.sensor_id, one.celsius, one.clock_unsynced) for one in journal.held()] == [("S3", 90.5, True)]
    assert journal.answer({"command": "quarantine"}) == {
        "records": [{"sequence": 2, "key": "S2", "value": '{"sensor_id": "S2"}', "reason": "too large"}]
    }
    journal.close()


def test_a_journal_of_a_newer_gateway_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE unheard_of (thing)")
    database.execute("PRAGMA user_version = 1000")
    database.close()
    before = path.read_bytes()
    with pytest.raises(SpoolError, match=r"has schema 1000, this gateway knows \d+: start the newer gateway"):
        Journal(path, "pabrik-1", 8 * MIB)
    assert path.read_bytes() == before

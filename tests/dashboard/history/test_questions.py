from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.errors import HistoryError
from dashboard.history import questions
from dashboard.history.questions import Questions
from dashboard.history.span import Span
from tests.dashboard.history.parquet import DAY, MIDNIGHT_MS, write

MIDNIGHT_S = MIDNIGHT_MS / 1000
WHOLE = Span.of("S1", DAY)


def test_a_day_point_by_point(tmp_path: Path) -> None:
    write(tmp_path, [("S1", 1.5, 20.0), ("S1", 2.5, 21.0), ("S2", 2.0, 99.0)])
    assert Questions(tmp_path).series(WHOLE, 5000) == {
        "t": [MIDNIGHT_S + 2.0],  # a stretch of 17 s
        "min": [20.0],
        "max": [21.0],
        "mean": [20.5],
    }
    near = Span.of("S1", DAY, MIDNIGHT_S, MIDNIGHT_S + 10)
    assert Questions(tmp_path).series(near, 5000)["t"] == [MIDNIGHT_S + 1.5, MIDNIGHT_S + 2.5]


def test_no_peak_is_lost(tmp_path: Path) -> None:
    write(tmp_path, [("S1", second, 20.0 + (79.5 if second == 43_210 else 0)) for second in range(86_400)])
    found = Questions(tmp_path).series(WHOLE, 100)
    assert len(found["t"]) == 100
    assert max(found["max"]) == 99.5
    assert found["t"] == sorted(found["t"])


def test_what_says_nothing_about_the_day_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, [("S1", 1, 20.0)])
    write(tmp_path, [("S1", 2, 95.0), ("S4", 2, 95.0)], name="t0-0000000002-0000000002-1afa4814", retained=True)
    write(tmp_path, [("S1", 3, 96.0)], name="t0-0000000003-0000000003-1afa4814", unsynced=True)
    asked = Questions(tmp_path)
    assert asked.series(WHOLE, 10)["max"] == [20.0]
    assert asked.sensors(DAY) == ["S1"]


def test_files_of_before_a_column_was_added_are_read(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    file = write(tmp_path, [("S1", 1, 20.0)])
    pq.write_table(pq.read_table(file).drop_columns(["retained", "replayed"]), file)
    write(tmp_path, [("S1", 2, 21.0)], name="t0-0000000002-0000000002-1afa4814")
    asked = Questions(tmp_path)
    assert asked.series(WHOLE, 10)["mean"] == [20.5]
    assert [row[5] for chunk in asked.rows(WHOLE) for row in chunk] == [False, False]


def test_while_files_are_merged_no_reading_counts_twice(tmp_path: Path) -> None:
    write(tmp_path, [("S1", 1, 20.0)])
    write(tmp_path, [("S1", 1, 20.0), ("S1", 2, 22.0)], name="t1-0000000000-0000000031-1afa4814")
    assert [row[1:3] for chunk in Questions(tmp_path).rows(WHOLE) for row in chunk] == [
        (MIDNIGHT_MS + 1000, 20.0),
        (MIDNIGHT_MS + 2000, 22.0),
    ]


def test_files_that_go_while_they_are_read_are_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write(tmp_path, [("S1", 1, 20.0)])
    listed: Callable[[Path, str], list[str]] = questions.files_of

    def merged_meanwhile(folder: Path, day: str) -> list[str]:
        found = listed(folder, day)
        if old.exists():
            old.unlink()
            write(tmp_path, [("S1", 1, 20.0)], name="t1-0000000000-0000000031-1afa4814")
        return found

    monkeypatch.setattr(questions, "files_of", merged_meanwhile)
    assert Questions(tmp_path).series(WHOLE, 10)["mean"] == [20.0]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    write(tmp_path, [("S1", 1, 20.0)]).write_bytes(b"PAR1 and nothing more")
    with pytest.raises(HistoryError, match="damaged") as caught:
        Questions(tmp_path).series(WHOLE, 10)
    assert caught.value.status == 500


@pytest.mark.parametrize("sensor_id", ["S1' OR '1'='1", "'; DROP TABLE x; --", "%", "$sensor", "=cmd|' /C calc'!A0"])
def test_ids_are_values_and_never_words_of_a_question(tmp_path: Path, sensor_id: str) -> None:
    write(tmp_path, [("S1", 1, 20.0), (sensor_id, 2, 50.0)])
    assert Questions(tmp_path).series(Span.of(sensor_id, DAY), 10)["mean"] == [50.0]


def test_the_database_reads_nothing_else(tmp_path: Path) -> None:
    database = Questions(tmp_path)._database
    for sql in ("SELECT * FROM read_text('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/x.csv'", "SET memory_limit='8GB'"):
        with pytest.raises(HistoryError), database.query(sql, {}):
            pass


def test_a_question_that_takes_too_long_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.history.database.LONGEST_QUERY_S", 0.2)
    endless = "SELECT count(*) FROM range(10000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3"
    with pytest.raises(HistoryError, match="too long"), Questions(tmp_path)._database.query(endless, {}) as found:
        found.fetchall()


def test_a_question_that_needs_too_much_memory_ends(tmp_path: Path) -> None:
    greedy = "SELECT list(range) FROM range(200000000)"
    with pytest.raises(HistoryError, match="too much memory"), Questions(tmp_path)._database.query(greedy, {}) as found:
        found.fetchall()

import asyncio
import csv
import io
from pathlib import Path

import httpx
import pytest

from dashboard.web import history
from tests.dashboard.history.parquet import DAY, MIDNIGHT_MS, write
from tests.dashboard.web.stage import browse, get

MIDNIGHT_S = MIDNIGHT_MS / 1000


def test_days_sensors_and_a_day(tmp_path: Path) -> None:
    write(tmp_path, [("S1", 1, 20.0), ("S1", 2, 21.5), ("=S2", 3, 22.0)])
    write(tmp_path, [("S1", -86_400, 20.0)], day="2026-11-21")
    assert get("/api/history/days", history=tmp_path).json() == {"days": ["2026-11-22", "2026-11-21"]}
    assert get(f"/api/history/sensors?day={DAY}", history=tmp_path).json() == {"sensors": ["=S2", "S1"]}
    asked = f"/api/history?sensor=S1&day={DAY}&from={MIDNIGHT_S}&to={MIDNIGHT_S + 10}&points=1000"
    assert get(asked, history=tmp_path).json() == {
        "t": [MIDNIGHT_S + 1, MIDNIGHT_S + 2],
        "min": [20.0, 21.5],
        "max": [20.0, 21.5],
        "mean": [20.0, 21.5],
    }


def test_a_day_as_a_table(tmp_path: Path) -> None:
    write(tmp_path, [("S1", 1.25, -0.5), ("S1", 2, 21.5)])
    answer = get(f"/api/history.csv?sensor=S1&day={DAY}", history=tmp_path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="suhu-2026-11-22-S1.csv"'
    assert answer.text == (
        "sensor_id,measured_at,suhu,source,event_id,replayed\r\n"
        "S1,2026-11-22T00:00:01.250Z,-0.5,serial,pabrik-1/k3v9/1,false\r\n"
        "S1,2026-11-22T00:00:02.000Z,21.5,serial,pabrik-1/k3v9/2,false\r\n"
    )


@pytest.mark.parametrize(
    ("sensor_id", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+7", "'+7"),
        ("-7", "'-7"),
        ('a "b", c', 'a "b", c'),
        ("<script>", "<script>"),
        ("tungku °", "tungku °"),
    ],
)
def test_a_table_that_a_spreadsheet_opens_runs_nothing(tmp_path: Path, sensor_id: str, cell: str) -> None:
    write(tmp_path, [(sensor_id, 1, 20.0)])
    answer = browse(
        lambda client: client.get("/api/history.csv", params={"sensor": sensor_id, "day": DAY}), history=tmp_path
    )
    assert list(csv.reader(io.StringIO(answer.text, newline="")))[1][0] == cell
    assert set(answer.headers["content-disposition"]) <= set(
        'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789;="._- '
    )


def test_a_long_table_comes_in_pieces_and_whole(tmp_path: Path) -> None:
    write(tmp_path, [("S1", second, 20.0) for second in range(10_000)])
    assert len(get(f"/api/history.csv?sensor=S1&day={DAY}", history=tmp_path).text.splitlines()) == 10_001


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/history?sensor=S1", 400, "day must be"),
        ("/api/history?sensor=S1&day=2026-11-22/../..", 400, "day must be"),
        (f"/api/history?day={DAY}", 400, "sensor must be"),
        (f"/api/history?sensor={'x' * 129}&day={DAY}", 400, "sensor must be"),
        (f"/api/history?sensor=S1&day={DAY}&points=0", 400, "points must be"),
        (f"/api/history?sensor=S1&day={DAY}&points=1e9", 400, "points must be"),
        (f"/api/history?sensor=S1&day={DAY}&points={'9' * 5000}", 400, "points must be"),
        (f"/api/history?sensor=S1&day={DAY}&from=nan", 400, "seconds since 1970"),
        (f"/api/history?sensor=S1&day={DAY}&from=1e999", 400, "seconds since 1970"),
        (f"/api/history?sensor=S1&day={DAY}&from=2e9", 400, "from must be before to"),
        ("/api/history/sensors?day=x", 400, "day must be"),
        (f"/api/history.csv?sensor=S9&day={DAY}", 404, "nothing of this sensor"),
        ("/api/history.csv?sensor=S1&day=2026-11-01", 404, "nothing of this sensor"),
    ],
)
def test_questions_that_have_no_answer(tmp_path: Path, path: str, status: int, words: str) -> None:
    write(tmp_path, [("S1", 1, 20.0)])
    answer = get(path, history=tmp_path)
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_a_day_without_readings_is_empty(tmp_path: Path) -> None:
    assert get("/api/history/days", history=tmp_path).json() == {"days": []}
    answer = get(f"/api/history?sensor=S1&day={DAY}", history=tmp_path)
    assert answer.json() == {"t": [], "min": [], "max": [], "mean": []}


def test_a_damaged_file_is_told_as_long_as_it_can_be(tmp_path: Path) -> None:
    write(tmp_path, [("S1", 1, 20.0)]).write_bytes(b"PAR1 and nothing more")
    for path in ("/api/history", "/api/history.csv"):
        answer = get(f"{path}?sensor=S1&day={DAY}", history=tmp_path)
        assert (answer.status_code, "damaged" in answer.json()["error"]) == (500, True)


def test_without_a_history_that_is_said() -> None:
    for path in ("/api/history/days", "/api/history", "/api/history.csv"):
        answer = get(path)
        assert (answer.status_code, "--history" in answer.json()["error"]) == (404, True)


def test_too_many_at_once_are_asked_to_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, [("S1", 1, 20.0)])
    monkeypatch.setattr(history, "WAITING", 3)

    async def act(client: httpx.AsyncClient) -> list[httpx.Response]:
        return await asyncio.gather(*(client.get(f"/api/history?sensor=S1&day={DAY}") for _ in range(20)))

    answers = browse(act, history=tmp_path)
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 503}
    assert {answer.headers.get("retry-after") for answer in answers if answer.status_code == 503} == {"5"}

import asyncio
import gzip
import os
import shutil
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import ConfigError, SourceLost
from gateway.model import Delivery
from gateway.sources.csv_file import CsvSource
from gateway.sources.csv_options import CsvOptions
from gateway.sources.csv_reading import require_readable

MOMENT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
HEADER = "sensor_id,suhu\n"


def source(path: Path, remembered: str | None = None, **options: object) -> CsvSource:
    async def recall(_name: str) -> str | None:
        return remembered

    return CsvSource(CsvOptions.model_validate({"path": path, "speed": 0, **options}), recall, now=lambda: MOMENT)


async def everything(csv: CsvSource) -> list[Delivery]:
    async with csv.open() as deliveries:
        return [delivery async for delivery in deliveries]


def read(csv: CsvSource) -> tuple[list[float], list[str], str | None]:
    """Temperatures, reasons, and the last position."""
    deliveries = asyncio.run(everything(csv))
    positions = [one.position.text for one in deliveries if one.position is not None]
    return (
        [reading.celsius for one in deliveries for reading in one.readings],
        [rejected.reason for one in deliveries for rejected in one.rejected],
        positions[-1] if positions else None,
    )


async def take(deliveries: AsyncIterator[Delivery], count: int) -> list[float]:
    taken: list[float] = []
    async with asyncio.timeout(20):
        while len(taken) < count:
            taken += [reading.celsius for reading in (await anext(deliveries)).readings]
    return taken


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_every_row_comes_in_order_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("sensor_id,suhu,waktu\n" + "".join(f"S1,{n / 100},{1_795_316_645 + n}\n" for n in range(3_000)))
    celsius, reasons, _ = read(source(path))
    assert celsius == [n / 100 for n in range(3_000)]
    assert reasons == []


def test_the_recorded_time_is_kept_unless_now_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("sensor_id,suhu,waktu\nS1,70,2026-01-15T08:00:00Z\n")
    (recorded,) = asyncio.run(everything(source(path)))
    (shifted,) = asyncio.run(everything(source(path, time="now")))
    assert recorded.readings[0].measured_at == datetime(2026, 1, 15, 8, tzinfo=UTC)
    assert shifted.readings[0].measured_at == MOMENT
    assert recorded.readings[0].source == "csv"


def test_rows_that_were_recorded_apart_come_apart(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text("sensor_id,suhu,waktu\nS1,70,1795316645\nS2,71,1795316645\nS1,72,1795316646\nS1,73,1795316600\n")
    deliveries = asyncio.run(everything(source(path, speed=20)))
    assert [[one.celsius for one in delivery.readings] for delivery in deliveries] == [[70.0, 71.0], [72.0, 73.0]]


def test_bad_rows_are_rejected_with_their_line_and_the_next_good_one_comes_out(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_bytes(
        b"\xef\xbb\xbfsensor_id,suhu,waktu\r\n\r\nS1,70,1795316645\r\nS1,70,1795316645\r\nS1,x,1795316646\r\n"
        b"\xff\xfe\r\nS1,\x00,1\r\n" + b"x" * 1_000_000 + b"\r\nS1,71,1795316647\r\n"
    )
    deliveries = asyncio.run(everything(source(path)))
    rejected = [one for delivery in deliveries for one in delivery.rejected]
    assert [reading.celsius for delivery in deliveries for reading in delivery.readings] == [70.0, 71.0]
    assert [one.reason for one in rejected] == ["repeated", "bad_number", "not_text", "not_text", "overlong"]
    assert rejected[0].detail.startswith("readings.csv line 4: ")
    assert rejected[1].raw == b"S1,x,1795316646"
    assert len(rejected[-1].raw) <= 65_536


def test_a_half_last_line_is_no_reading(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(HEADER + "S1,70\nS1,7")
    celsius, reasons, position = read(source(path))
    assert (celsius, reasons) == ([70.0], ["torn"])
    append(path, "1.5\n")
    assert read(source(path, position))[0] == [71.5]


def test_reading_goes_on_where_the_journal_says(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(HEADER + "S1,70\nS1,71\n")
    _, _, position = read(source(path))
    assert read(source(path, position))[0] == []
    append(path, "S1,72\n")
    celsius, _, position = read(source(path, position))
    assert celsius == [72.0]
    assert read(source(path, position, start="beginning"))[0] == [70.0, 71.0, 72.0]


def test_a_copy_of_the_file_is_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(HEADER + "S1,70\n")
    _, _, position = read(source(path))
    shutil.copy(path, tmp_path / "copy")
    append(tmp_path / "copy", "S1,71\n")
    (tmp_path / "copy").replace(path)
    assert read(source(path, position))[0] == [71.0]


@pytest.mark.parametrize(
    "text", ["sensor_id,suhu\nS9,20\nS9,21\n", "suhu,sensor_id\n20,S9\n21,S9\n", "sensor_id,suhu\n"]
)
def test_another_file_under_the_name_is_read_from_its_beginning(tmp_path: Path, text: str) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(HEADER + "S1,70\nS1,71\n")
    _, _, position = read(source(path))
    path.write_text(text)
    assert read(source(path, position))[0] == ([20.0, 21.0] if "20" in text else [])


@pytest.mark.parametrize("position", ["", "{}", "[1]", "x", '{"offset": "1", "line": 1, "inode": 1, "checksum": 1}'])
def test_a_position_that_is_none_is_ignored(tmp_path: Path, position: str) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(HEADER + "S1,70\n")
    assert read(source(path, position))[0] == [70.0]


@pytest.mark.parametrize("before", ["", "\n" * 5_000], ids=["at the top", "behind many empty lines"])
def test_a_long_header_is_found_again(tmp_path: Path, before: str) -> None:
    path = tmp_path / "readings.csv"
    header = ",".join(["sensor_id", "suhu", *(f"remark_{number}" for number in range(1_000))])
    path.write_text(f"{before}{header}\nS1,70{',' * 1_000}\n")
    celsius, _, position = read(source(path))
    append(path, f"S1,71{',' * 1_000}\n")
    assert celsius == [70.0]
    assert read(source(path, position))[0] == [71.0]


def test_a_resumed_file_is_neither_checked_nor_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(HEADER + "S1,70\n" * 100_000)
    _, _, position = read(source(path))
    tracemalloc.start()
    require_readable(CsvOptions(path=path), now=False)
    celsius, _, _ = read(source(path, position))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert celsius == []
    assert peak_bytes < 500_000


def test_a_compressed_file_is_replayed_and_resumed(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "S1,70\nS1,71\n").encode()))
    celsius, _, position = read(source(path))
    assert celsius == [70.0, 71.0]
    assert read(source(path, position))[0] == []


@pytest.mark.parametrize("damage", [b"no gzip", gzip.compress(b"sensor_id,suhu\nS1,70\n" * 50)[:-30]])
def test_a_damaged_compressed_file_is_source_lost(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "readings.csv.gz"
    path.write_bytes(damage)
    with pytest.raises(SourceLost, match="cannot be read further"):
        read(source(path))


def test_appended_lines_come_and_half_ones_wait(tmp_path: Path) -> None:
    async def scenario() -> list[float]:
        async with source(path, follow=True).open() as deliveries:
            taken = await take(deliveries, 1)
            append(path, "S1,7")
            waiting = asyncio.ensure_future(anext(deliveries))  # type: ignore[arg-type]  # an async generator
            await asyncio.wait([waiting], timeout=0.6)  # looked at twice meanwhile
            assert not waiting.done()
            append(path, "1.5\n")
            return taken + [reading.celsius for reading in (await waiting).readings]

    path = tmp_path / "readings.csv"
    path.write_text(HEADER + "S1,70\n")
    assert asyncio.run(scenario()) == [70.0, 71.5]


def test_rotation_loses_no_row_of_either_file(tmp_path: Path) -> None:
    async def scenario() -> list[float]:
        async with source(path, follow=True).open() as deliveries:
            taken = await take(deliveries, 1)
            append(path, "S1,71\n")
            path.rename(tmp_path / "readings.csv.1")
            path.write_text(HEADER + "S1,72\n")
            append(tmp_path / "readings.csv.1", "S1,71.5\n")  # by a writer that is late to notice
            taken += await take(deliveries, 3)
            append(path, "S1,73\n")
            return taken + await take(deliveries, 1)

    path = tmp_path / "readings.csv"
    path.write_text(HEADER + "S1,70\n")
    assert asyncio.run(scenario()) == [70.0, 71.0, 71.5, 72.0, 73.0]


def test_a_file_that_was_rotated_while_nobody_read_is_finished_first(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(HEADER + "S1,70\n")
    _, _, position = read(source(path))
    append(path, "S1,71\n")
    path.rename(tmp_path / "readings.csv.1")
    path.write_text(HEADER + "S1,72\n")

    async def scenario() -> list[float]:
        async with source(path, position, follow=True).open() as deliveries:
            return await take(deliveries, 2)

    assert asyncio.run(scenario()) == [71.0, 72.0]


def test_a_file_that_is_cut_off_begins_anew(tmp_path: Path) -> None:
    async def scenario() -> list[float]:
        async with source(path, follow=True).open() as deliveries:
            taken = await take(deliveries, 2)
            os.truncate(path, 0)
            append(path, HEADER + "S1,72\n")
            return taken + await take(deliveries, 1)

    path = tmp_path / "readings.csv"
    path.write_text(HEADER + "S1,70\nS1,71\n")
    assert asyncio.run(scenario()) == [70.0, 71.0, 72.0]


def test_what_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "unclear.csv").write_text("a,b\n1,2\n")
    (tmp_path / "utf16.csv").write_text(HEADER, encoding="utf-16")
    for name, words in [
        ("none.csv", "check the path"),
        ("pipe.csv", "no regular file"),
        ("unclear.csv", r"line 1: .*\(first line: a, b\): set temperature_columns"),
        ("utf16.csv", "save the file as UTF-8"),
    ]:
        with pytest.raises(SourceLost, match=words):
            read(source(tmp_path / name))
        with pytest.raises(ConfigError, match=words):
            require_readable(CsvOptions(path=tmp_path / name), now=True)
    require_readable(CsvOptions(path=tmp_path / "none.csv"), now=False)
    (tmp_path / "empty.csv").write_text("")
    assert read(source(tmp_path / "empty.csv")) == ([], [], None)

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import FrameError
from gateway.sources.csv_header import recognise
from gateway.sources.csv_options import CsvFormat
from gateway.sources.csv_rows import RowReader


def reader(header: str, **wanted: object) -> RowReader:
    csv_format = CsvFormat.model_validate({"timezone": "Asia/Jakarta", **wanted})
    return RowReader(recognise(header, csv_format), csv_format)


@pytest.mark.parametrize(
    ("header", "wanted", "line", "sensor_id", "celsius"),
    [
        ("sensor_id,suhu", {}, "S1,70.25", "S1", 70.25),
        ("sensor_id,suhu", {}, ' S1 , "-3.5 °C"', "S1", -3.5),
        ("sensor_id,suhu", {}, "S1,158 °F", "S1", 70.0),
        ("sensor_id,temperature_f", {}, "S1,158", "S1", 70.0),
        ("sensor_id,kelvin", {}, "S1,343.15", "S1", 70.0),
        ("sensor_id,suhu,satuan", {}, "S1,158,F", "S1", 70.0),
        ("sensor_id,suhu,satuan", {}, "S1,70,", "S1", 70.0),
        ("sensor_id;suhu", {}, "S1;70,25", "S1", 70.25),
        ("sensor_id;suhu", {"decimal": ","}, "S1;1,250", "S1", 1.25),
        ('sensor_id,suhu', {"decimal": ","}, 'S1,"70,25"', "S1", 70.25),
        ("suhu", {"sensor_id": "tungku"}, "70", "tungku", 70.0),
        ("sensor_id,suhu", {"unit": "F"}, "S1,158", "S1", 70.0),
    ],
)  # fmt: skip
def test_a_row_gives_its_temperature(
    header: str, wanted: dict[str, object], line: str, sensor_id: str, celsius: float
) -> None:
    (found,) = reader(header, **wanted).read(line).found
    assert (found.sensor_id, found.celsius) == (sensor_id, celsius)


@pytest.mark.parametrize(
    ("header", "line", "reason"),
    [
        ("sensor_id,suhu", "S1,nan", "bad_number"),
        ("sensor_id,suhu", "S1,1_000", "bad_number"),
        ("sensor_id,suhu", "S1,٧٠", "bad_number"),
        ("sensor_id,suhu", "S1,1e309", "out_of_range"),
        ("sensor_id,suhu", "S1,", "empty"),
        ("sensor_id,suhu", "S1,70 bar", "bad_number"),
        ("sensor_id,suhu", 'S1,"70,25"', "bad_number"),
        ("sensor_id;suhu", "S1;1,250", "bad_number"),
        ("sensor_id,suhu", "S1,-300", "out_of_range"),
        ("sensor_id,suhu", "S1,99999", "out_of_range"),
        ("sensor_id,suhu", ",70", "bad_sensor_id"),
        ("sensor_id,suhu,satuan", "S1,70,bar", "unknown_unit"),
        ("sensor_id,suhu_c", "S1,70F", "ambiguous"),
    ],
)
def test_a_cell_that_is_no_certain_temperature_is_refused(header: str, line: str, reason: str) -> None:
    row = reader(header).read(line)
    assert row.found == ()
    assert [refused.reason for refused in row.refused] == [reason]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("S1", "wrong_width"), ("S1,70,x,y", "wrong_width"), ('S1,"70', "bad_quotes"), ("S1,70,yesterday", "bad_time")],
)
def test_a_row_that_does_not_fit_its_header_is_refused(line: str, reason: str) -> None:
    with pytest.raises(FrameError) as caught:
        reader("sensor_id,suhu,waktu").read(line)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "wanted", "moment"),
    [
        ("2026-11-22T03:04:05Z", {}, datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)),
        ("2026-11-22T10:04:05.5+07:00", {}, datetime(2026, 11, 22, 3, 4, 5, 500_000, tzinfo=UTC)),
        ("2026-11-22 10:04:05", {}, datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)),
        ("1795316645", {}, datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)),
        ("1795316645678", {}, datetime(2026, 11, 22, 3, 4, 5, 678_000, tzinfo=UTC)),
        ("22/11/2026 10:04", {"time_format": "%d/%m/%Y %H:%M"}, datetime(2026, 11, 22, 3, 4, tzinfo=UTC)),
    ],
)
def test_times_are_read_with_their_zone_or_the_configured_one(
    text: str, wanted: dict[str, object], moment: datetime
) -> None:
    assert reader("sensor_id,suhu,waktu", **wanted).read(f"S1,70,{text}").recorded_at == moment


@pytest.mark.parametrize("text", ["22/11/2026", "1969-12-31T00:00:00Z", "9999-12-31T23:59:59Z", "", "12"])
def test_a_time_that_could_be_another_is_refused(text: str) -> None:
    with pytest.raises(FrameError, match=r"time|1970"):
        reader("sensor_id,suhu,waktu").read(f"S1,70,{text}")


def test_the_same_row_twice_is_refused_only_where_it_has_a_time() -> None:
    timed = reader("sensor_id,suhu,waktu")
    timed.read("S1,70,1795316645")
    timed.read("S2,70,1795316645")
    with pytest.raises(FrameError, match="twice") as caught:
        timed.read("S1,70,1795316645")
    assert caught.value.reason == "repeated"
    assert timed.read("S1,71,1795316645").found[0].celsius == 71.0
    untimed = reader("sensor_id,suhu")
    assert untimed.read("S1,70") == untimed.read("S1,70")


def test_each_temperature_column_is_a_sensor_and_an_empty_cell_spoils_only_itself() -> None:
    row = reader("waktu,kiri,kanan", temperature_columns=["kiri", "kanan"]).read("1795316645,70.5,")
    assert [(one.sensor_id, one.celsius) for one in row.found] == [("kiri", 70.5)]
    assert [refused.reason for refused in row.refused] == ["empty"]
    both = reader("mesin,in,out", temperature_columns=["in", "out"]).read("M1,70,71")
    assert [one.sensor_id for one in both.found] == ["M1/in", "M1/out"]


@given(st.text(max_size=200))
def test_any_line_is_a_row_or_refused(line: str) -> None:
    try:
        row = reader("sensor_id;suhu;waktu").read(line)
    except FrameError:
        return
    assert all(-273.15 <= one.celsius <= 10_000 for one in row.found)

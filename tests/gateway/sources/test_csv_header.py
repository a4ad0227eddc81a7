import pytest

from gateway.errors import FrameError
from gateway.sources.csv_header import recognise
from gateway.sources.csv_options import CsvFormat


@pytest.mark.parametrize(
    ("header", "separator", "id_place", "temperature", "unit", "time_place"),
    [
        ("sensor_id,suhu,waktu", ",", 0, 1, None, 2),
        ("timestamp,machine,temperature_c", ",", 1, 2, "C", 0),
        ("Waktu;Mesin;Suhu (°C)", ";", 1, 2, "C", 0),
        ("sensor\tTemp [°F]", "\t", 0, 1, "F", None),
        ("time|device|kelvin|humidity", "|", 1, 2, "K", 0),
        ('"Device ID","Temperature","Timestamp"', ",", 0, 1, None, 2),
        ("sensor_id,Temperature deg C,recorded at", ",", 0, 1, "C", 2),
        ("id,sensor_id,suhu", ",", 1, 2, None, None),
        ("sensor_id;suhu, diukur;suhu", ";", 0, 2, None, None),
    ],
)
def test_sensible_headers_are_recognised(
    header: str, separator: str, id_place: int, temperature: int, unit: str | None, time_place: int | None
) -> None:
    layout = recognise(header, CsvFormat())
    assert (layout.separator, layout.id_place, layout.time_place) == (separator, id_place, time_place)
    assert [(one.place, one.unit) for one in layout.temperatures] == [(temperature, unit)]
    assert layout.has_header


@pytest.mark.parametrize(
    ("header", "wanted", "words"),
    [
        ("sensor_id,temp_c,temp_f", {}, "'temp_c' and 'temp_f' may be the temperature .*set temperature_columns"),
        ("sensor_id,value", {}, "no column may be the temperature"),
        ("suhu,waktu", {}, "no column says which sensor .*set id_column or sensor_id"),
        ("id,suhu", {}, "no column says which sensor"),
        ("name,suhu", {}, "no column says which sensor"),
        ("sensor_id,machine,suhu", {}, "'sensor_id' and 'machine' both fit .*set id_column"),
        ("sensor,suhu,waktu,timestamp", {}, "'waktu' and 'timestamp' both fit .*set time_column"),
        ("suhu;x,suhu", {"sensor_id": "S1"}, "more than one separator would fit: set separator"),
        ("S1,70.2,2026-11-22T10:00:00", {}, "the first line is no header .*set temperature_columns"),
        ("sensor_id,suhu", {"temperature_columns": ["temp"]}, "no column is called 'temp'"),
        ("sensor_id,t,t", {"temperature_columns": ["t"]}, "more than one column is called 't'"),
        ("sensor_id,suhu", {"id_column": 7}, "no column 7, counted from 0"),
        ('sensor_id,"suhu', {}, "a quoted cell must end on its line"),
        ("", {}, "no column"),
        ("\x00" * 200, {}, "no column"),
    ],
)
def test_unclear_headers_are_refused_with_the_key_that_settles_it(
    header: str, wanted: dict[str, object], words: str
) -> None:
    with pytest.raises(FrameError, match=words):
        recognise(header, CsvFormat.model_validate(wanted))


def test_what_is_configured_wins() -> None:
    wanted = CsvFormat(id_column="name", temperature_columns=["temp_f"], time_column="when")
    layout = recognise("name,temp_c,temp_f,when,timestamp", wanted)
    assert (layout.id_place, layout.time_place) == (0, 3)
    assert [(one.name, one.unit) for one in layout.temperatures] == [("temp_f", "F")]


def test_one_column_per_sensor_needs_no_id_column() -> None:
    layout = recognise("waktu,oven kiri,oven kanan", CsvFormat(temperature_columns=["oven kiri", "oven kanan"]))
    assert [(one.place, one.name) for one in layout.temperatures] == [(1, "oven kiri"), (2, "oven kanan")]
    assert layout.id_place is None


def test_numbers_name_columns_of_a_file_without_a_header() -> None:
    layout = recognise("2026-11-22T10:00:00;S1;70,2", CsvFormat(id_column=1, temperature_columns=[2], time_column=0))
    assert (layout.separator, layout.has_header, layout.width) == (";", False, None)

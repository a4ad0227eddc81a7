from pathlib import Path

import pytest

from dashboard.errors import ConfigError
from dashboard.machines import Machine, read_machines

SHIPPED = Path(__file__).parents[2] / "spark" / "machines.csv"


def test_the_shipped_file() -> None:
    assert read_machines(SHIPPED) == {
        "S1": Machine("Ekstruder 1", 70.0, 80.0),
        "S2": Machine("Kompresor 2", 65.0, 75.0),
        "S3": Machine("Oven 3, zona depan", 70.0, 80.0),
    }


def test_a_spreadsheet_with_decimal_commas(tmp_path: Path) -> None:
    file = tmp_path / "machines.csv"
    file.write_text("\ufeffsensor_id;machine;critical_above_celsius\r\nS1;Tungku °;75,5\r\n\r\n", "utf-8")
    assert read_machines(file) == {"S1": Machine("Tungku °", 70.0, 75.5)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write the header sensor_id,machine"),
        ("sensor_id\nS1\n", "no column machine"),
        ("sensor_id,machine\n,Oven\n", ":2: sensor_id is empty"),
        ("sensor_id,machine\nS1,\n", ":2: machine is empty"),
        ("sensor_id,machine\nS1,A\nS1,B\n", ":3: 'S1' is there twice"),
        ("sensor_id,machine\nS1,A,zone 2\n", "quotation marks"),
        ("sensor_id,machine,warning_above_celsius\nS1,A,hot\n", "'hot' is no temperature"),
        ("sensor_id,machine,warning_above_celsius\nS1,A,nan\n", "'nan' is no temperature"),
        ('sensor_id,machine\nS1,"A\n', "not CSV"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "machines.csv"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_machines(file)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_machines(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"sensor_id,machine\nS1,\xb0\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_machines(tmp_path / "latin.csv")

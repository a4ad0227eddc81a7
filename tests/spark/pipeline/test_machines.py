import os
from pathlib import Path

import pytest
from suhu_jobs.errors import ConfigError
from suhu_jobs.events import EventLog
from suhu_jobs.pipeline.machines import Machine, MachinesFile, parse_machines
from suhu_jobs.settings import PROJECT

HEADER = b"sensor_id,machine,warning_above_celsius,critical_above_celsius\n"


def test_the_example_is_right() -> None:
    assert parse_machines((PROJECT / "spark" / "machines.csv").read_bytes(), "machines.csv") == (
        Machine("S1", "Ekstruder 1", None, None),
        Machine("S2", "Kompresor 2", 65.0, 75.0),
        Machine("S3", "Oven 3, zona depan", 70.0, 80.0),
    )


@pytest.mark.parametrize(
    ("data", "machines"),
    [
        (HEADER, ()),
        (
            HEADER + b"S1,Press,60,\nS2,Fan,,95.5\n",
            (Machine("S1", "Press", 60.0, None), Machine("S2", "Fan", None, 95.5)),
        ),
        (b"machine,sensor_id\r\nPress,S1\r\n", (Machine("S1", "Press", None, None),)),
        (b"\xef\xbb\xbfsensor_id,machine\nS1,Press", (Machine("S1", "Press", None, None),)),
        (b"\n \nsensor_id , machine\n\n S1 , Press 4\xc2\xb0 \n,\n", (Machine("S1", "Press 4°", None, None),)),
        (b'\n\nsensor_id;machine;warning_above_celsius\nS1;"a;b";72,5\n', (Machine("S1", "a;b", 72.5, None),)),
        (b'sensor_id,machine\n"S""1","two\nlines"\n', (Machine('S"1', "two\nlines", None, None),)),
        (HEADER + b"S1,Cold store,-20,-20\n", (Machine("S1", "Cold store", -20.0, -20.0),)),
    ],
)
def test_what_people_and_spreadsheets_write_is_read(data: bytes, machines: tuple[Machine, ...]) -> None:
    assert parse_machines(data, "m.csv") == machines


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "m.csv:1: the file is empty: its first line must be sensor_id,machine,warning_above_celsius,"),
        (b"\n\nS1,Press\n", "m.csv:3: the column sensor_id is missing: write the header sensor_id,machine,"),
        (b"sensor_id,name\n", "m.csv:1: the column machine is missing"),
        (b"sensor_id,machine,warning\n", "m.csv:1: unknown column 'warning': there are sensor_id, machine, warning_"),
        (b"sensor_id,machine,machine\n", "m.csv:1: the column machine is there twice: remove one of them"),
        (HEADER + b"S1,Press,60\n", "m.csv:2: 3 cells under 4 columns: put a name with a comma in it into quotation"),
        (HEADER + b"S1,Press, left,60,70\n", "m.csv:2: 5 cells under 4 columns"),
        (HEADER + b"S1,Press,,\n,Fan,,\n", "m.csv:3: sensor_id is empty: fill it in, or remove the line"),
        (HEADER + b"S1,,60,70\n", "m.csv:2: machine is empty"),
        (HEADER + b"S" * 129 + b",Press,,\n", "m.csv:2: sensor_id has 129 characters: shorten it to 128"),
        (HEADER + b"S1," + b"P" * 201 + b",,\n", "m.csv:2: machine has 201 characters: shorten it to 200"),
        (
            HEADER + b"S1,Press,hot,\n",
            "m.csv:2: warning_above_celsius 'hot' is no temperature: write a number like 75.5",
        ),
        (HEADER + b"S1,Press,,nan\n", "m.csv:2: critical_above_celsius 'nan' is no temperature"),
        (HEADER + b"S1,Press,,1e999\n", "m.csv:2: critical_above_celsius '1e999' is no temperature"),
        (
            HEADER + b"S1,Press,90,80\n",
            "m.csv:2: warning_above_celsius 90 is above critical_above_celsius 80: a reading",
        ),
        (HEADER + b"S1,Press,,\n\nS1,Fan,,\n", "m.csv:4: 'S1' is in line 2 already: remove one of them"),
        (HEADER + b"S1,Press,,\nS2,F\xe4n,,\n", "m.csv:3: not UTF-8: save the file with the encoding UTF-8"),
        (HEADER + b'S1,"Press" 2,,\n', "m.csv:2: not CSV"),
        (HEADER + b'S1,"Press,,\n', "m.csv:2: not CSV (unexpected end of data): look for a quotation mark too many"),
    ],
)
def test_a_mistake_is_told_with_place_cause_and_remedy(data: bytes, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_machines(data, "m.csv")
    assert str(caught.value).startswith(words)


class Plant:
    """A machines file and what was said about it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "machines.csv"
        self.said: list[str] = []
        self.write(b"S1,Press,,\n")

    def write(self, rows: bytes) -> None:
        """As an editor saves: a new file in place of the old one."""
        new = self.path.with_suffix(".new")
        new.write_bytes(HEADER + rows)
        new.rename(self.path)

    def open(self) -> MachinesFile:
        return MachinesFile(self.path, EventLog(lambda line: self.said.append(line.split(" ", 1)[1])))


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path)


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(plant: Plant) -> None:
    file = plant.open()
    assert file.current() == (Machine("S1", "Press", None, None),)
    plant.write(b"S1,Press,,\nS2,Fan,60,70\n")
    assert file.current() == (Machine("S1", "Press", None, None), Machine("S2", "Fan", 60.0, 70.0))
    assert file.current() == (Machine("S1", "Press", None, None), Machine("S2", "Fan", 60.0, 70.0))
    assert plant.said == [
        f'event="machines read" file={plant.path} machines=1',
        f'event="machines read" file={plant.path} machines=2',
    ]


def test_a_change_within_the_same_size_and_second_is_seen(plant: Plant) -> None:
    file = plant.open()
    before = plant.path.stat()
    plant.path.write_bytes(HEADER + b"S1,Prass,,\n")
    os.utime(plant.path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert [machine.name for machine in file.current()] == ["Prass"]


def test_a_broken_file_keeps_the_last_good_one_and_says_so_once(plant: Plant) -> None:
    file = plant.open()
    plant.write(b"S1,Press,hot,\n")
    assert file.current() == (Machine("S1", "Press", None, None),)
    assert file.current() == (Machine("S1", "Press", None, None),)
    words = f"{plant.path}:2: warning_above_celsius 'hot' is no temperature: write a number like 75.5, or nothing"
    assert plant.said[1:] == [f'event="machines kept" error="{words}"']
    plant.write(b"S1,Press,60,\n")
    assert file.current() == (Machine("S1", "Press", 60.0, None),)


def test_a_file_that_goes_away_keeps_the_last_good_one_until_it_is_back(plant: Plant) -> None:
    file = plant.open()
    plant.path.unlink()
    assert [machine.name for machine in file.current()] == ["Press"]
    assert plant.said[1:] == [
        f'event="machines kept" error="{plant.path}: No such file or directory: put the file there, '
        'or give another one with --machines"'
    ]
    plant.write(b"S1,Fan,,\n")
    assert [machine.name for machine in file.current()] == ["Fan"]


def test_a_missing_or_broken_file_at_the_start_is_an_error(plant: Plant, tmp_path: Path) -> None:
    plant.path.unlink()
    with pytest.raises(ConfigError, match=r"machines\.csv: No such file or directory: put the file there, or give"):
        plant.open()
    plant.path.mkdir()
    with pytest.raises(ConfigError, match=r"machines\.csv: Is a directory: put the file there"):
        plant.open()
    plant.path.rmdir()
    plant.write(b"S1\n")
    with pytest.raises(ConfigError, match=r"machines\.csv:2: 1 cells under 4 columns"):
        plant.open()

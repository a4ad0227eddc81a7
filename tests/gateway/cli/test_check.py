from pathlib import Path

import pytest

from tests.gateway.cli.command import gateway

BROKEN = """
[gateway]
idd = "x"
[kafka]
client = "x"
[[serial]]
port = "/dev/ttyUSB0"
bauderate = 9600
[[mqtt]]
[[mqtt.devices]]
topics = ["a"]
json_path = 3
[heath]
[simulator]
zzz = 1
"""
# Nothing in it is wrong by itself: files and packages are.
UNUSABLE = """
[kafka]
tls = true
ca_file = "{folder}/none.pem"
[[mqtt]]
username = "u"
password_file = "{folder}/none"
[[mqtt]]
host = "other"
[[csv]]
path = "{folder}/odd.csv"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    return path


def test_every_mistake_at_once_each_with_what_was_probably_meant(tmp_path: Path) -> None:
    path = written(tmp_path, BROKEN)
    ended = gateway("check", "--config", path)
    assert ended.returncode == 78
    words = [line.partition(f"{path}: ")[2] for line in ended.stdout.splitlines()]
    assert words == [
        "gateway.idd: there is no such key: did you mean 'id'?",
        "kafka.client: Input should be 'kafka-python-ng' or 'confluent', not 'x'",
        "serial[1].bauderate: there is no such key: did you mean 'baudrate'?",
        "mqtt[1].devices[1].json_path: there is no such key: did you mean 'json_paths'?",
        "simulator.zzz: there is no such key: check its spelling against the sample file",
        "heath: there is no such key: did you mean 'health'?",
    ]


def test_files_are_looked_at_too_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("when,what\n1,2\n")
    ended = gateway("check", "--config", written(tmp_path, UNUSABLE.format(folder=tmp_path)))
    assert ended.returncode == 78
    assert [one in ended.stdout for one in ("kafka.ca_file: ", "mqtt[1].password_file: ", "odd.csv")] == [True] * 3


def test_a_good_file_is_summed_up_and_nothing_is_made(tmp_path: Path) -> None:
    path = written(tmp_path, f'[journal]\npath = "{tmp_path}/x/journal.db"\n[[serial]]\nport = "/dev/a"\n[[mqtt]]\n')
    ended = gateway("check", "--config", path)
    assert ended.returncode == 0
    assert "valid; sources: 1 serial, 1 mqtt; to sensor-suhu at localhost:9092" in ended.stdout
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("text", "words"), [("a = [", "not valid TOML"), ("[kafka]\nbootstrap_servers = 3", "valid list")]
)
def test_toml_and_types_are_told_with_their_place(tmp_path: Path, text: str, words: str) -> None:
    ended = gateway("check", "--config", written(tmp_path, text))
    assert ended.returncode == 78
    assert words in ended.stdout
    assert str(tmp_path) in ended.stdout


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    ended = gateway("check", "--config", tmp_path / "none.toml")
    assert ended.returncode == 78
    assert "check the path given with --config" in ended.stdout

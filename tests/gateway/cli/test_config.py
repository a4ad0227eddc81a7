import json
from pathlib import Path

import pytest

from tests.gateway.cli.command import gateway

FILE = """[kafka]
topic = "t"
[[http]]
url = "https://api.example/"
headers = { Authorization = "Bearer canary-4711" }
[[mqtt]]
devices = [{ topics = ["a/{sensor_id}"] }]
"""


def shown(path: Path, *arguments: str) -> dict[str, tuple[str, str]]:
    ended = gateway("config", "show", "--json", "--config", path, *arguments)
    assert ended.returncode == 0, ended.stderr
    return {one["key"]: (one["value"], one["source"]) for one in json.loads(ended.stdout)}


def test_each_value_has_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/x")
    path = tmp_path / "gateway.toml"
    path.write_text(FILE)
    values = shown(path, "--bootstrap-servers", "k:9092")
    assert values["kafka.topic"] == ("t", f"{path}:2")
    assert values["kafka.client"] == ("kafka-python-ng", "default")
    assert values["kafka.bootstrap_servers"] == ("['k:9092']", "option --bootstrap-servers")
    assert values["journal.path"] == ("/var/lib/x/journal.db", "environment STATE_DIRECTORY")
    assert values["mqtt[1].devices[1].topics"] == ("['a/{sensor_id}']", f"{path}:7")
    assert values["mqtt[1].devices[1].scale"] == ("1.0", "default")


def test_secrets_are_masked(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(FILE)
    ended = gateway("config", "show", "--config", path)
    line = next(one for one in ended.stdout.splitlines() if "Authorization" in one)
    assert line.split() == ["http[1].headers.Authorization", "=", "**********", "#", f"{path}:5"]
    assert "canary" not in ended.stdout + ended.stderr


def test_a_broken_file_ends_with_78(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text("[kafka]\ntopik = 1\n")
    ended = gateway("config", "show", "--config", path)
    assert ended.returncode == 78
    assert f"{path}: kafka.topik: there is no such key: did you mean 'topic'?" in ended.stderr

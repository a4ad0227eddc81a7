import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from gateway.journal import Journal
from sandbox.kafka import Kafka
from sandbox.ports import Port

REFUSED = "127.0.0.1:1"  # nothing listens on port 1
SAMPLE = Path(__file__).parents[3] / "examples" / "readings.csv"


@pytest.fixture
def free_port() -> int:
    port = Port.reserve()
    port.release()
    return port.number


def command(folder: Path, *arguments: str | Path) -> list[str]:
    options = ("--journal", folder / "journal.db", "--bootstrap-servers", REFUSED)
    return [sys.executable, "-m", "gateway", "run", *map(str, (*options, *arguments))]


def gateway(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(folder, *arguments), capture_output=True, text=True, timeout=60, check=False)


def journaled(folder: Path) -> list[tuple[str, float, str]]:
    """What is in the journal: sensor, temperature, kind of source."""
    journal = Journal(folder / "journal.db", "pabrik-1", 1 << 28)
    records = [json.loads(record.value) for record in journal.read(after=0, limit=1_000_000)]
    journal.close()
    return [(one["sensor_id"], one["suhu"], one["source"]) for one in records]


def test_the_sample_file_is_read_with_one_command_and_not_twice(tmp_path: Path) -> None:
    ended = gateway(tmp_path, "--source", "csv", "--file", SAMPLE, "--speed", "0")
    assert ended.returncode == 0, ended.stderr
    expected = [
        (sensor_id, float(celsius), "csv")
        for sensor_id, celsius, _ in (line.split(",") for line in SAMPLE.read_text().splitlines()[1:])
    ]
    assert len(expected) == 180
    assert journaled(tmp_path) == expected
    again = gateway(tmp_path, "--source", "csv", "--file", SAMPLE, "--speed", "0")
    assert "--from-start" in again.stderr
    assert len(journaled(tmp_path)) == 180
    gateway(tmp_path, "--source", "csv", "--file", SAMPLE, "--speed", "0", "--from-start")
    assert len(journaled(tmp_path)) == 360


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--source", "csv"], 64, "--source csv needs --file"),
        (["--source", "http"], 64, "--source http needs --url"),
        (["--file", "a.csv"], 64, "--file needs --source csv"),
        (["--source", "http", "--url", "http://a/", "--speed", "2"], 64, "--speed needs --source csv"),
        (["--source", "csv", "--file", "/none/a.csv"], 78, "check the path"),
        (["--source", "http", "--url", "a"], 78, "command line: http[1].url: 'a' is no address"),
    ],
)
def test_a_mistake_ends_the_start_with_words(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    ended = gateway(tmp_path, *arguments)
    assert ended.returncode == code
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unclear_header_ends_the_start_with_the_key_that_settles_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("no,value\n1,70\n")
    ended = gateway(tmp_path, "--source", "csv", "--file", tmp_path / "a.csv")
    assert ended.returncode == 78
    assert "set temperature_columns" in ended.stderr


def committed(folder: Path) -> int:
    """How many readings are in the journal that a killed gateway has left."""
    journal = Journal(folder / "journal.db", "pabrik-1", 1 << 28)
    journal.close()
    return journal.last_sequence


def kill_when_reading(folder: Path, file: Path, rows: int) -> None:
    """Start on the file, and kill -9 as soon as so many rows of it are in the journal's mark."""
    mark = folder / "journal.db.mark"
    with subprocess.Popen(
        command(folder, "--source", "csv", "--file", file, "--speed", "0"), stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            text = mark.read_text() if mark.exists() else ""
            if (match := re.match(r"\w+ (\d+)\n", text)) is not None and int(match[1]) >= rows:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.001)
        process.wait(timeout=30)


def test_a_kill_neither_loses_nor_repeats_a_row(tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    file.write_text("sensor_id,suhu\n" + "".join(f"S1,{n / 1000}\n" for n in range(60_000)))
    interrupted = []
    for rows in (1, 15_000, 30_000):
        kill_when_reading(tmp_path, file, rows)
        interrupted.append(committed(tmp_path))
    assert gateway(tmp_path, "--source", "csv", "--file", file, "--speed", "0").returncode == 0
    assert [celsius for _, celsius, _ in journaled(tmp_path)] == [n / 1000 for n in range(60_000)]
    assert any(0 < rows < 60_000 for rows in interrupted)  # else no kill was in the middle


def test_the_control_a_forgotten_position_repeats_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("sensor_id,suhu\nS1,70\nS1,71\n")
    for _ in range(2):
        gateway(tmp_path, "--source", "csv", "--file", file, "--speed", "0")
        with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as database:
            database.execute("DELETE FROM meta WHERE name LIKE 'position of %'")
    assert [celsius for _, celsius, _ in journaled(tmp_path)] == [70.0, 71.0, 70.0, 71.0]


def test_a_post_is_answered_when_it_is_in_the_journal(tmp_path: Path, free_port: int) -> None:
    (tmp_path / "gateway.toml").write_text(f'[http_server]\nlisten = "127.0.0.1:{free_port}"\n')
    with subprocess.Popen(
        command(tmp_path, "--config", tmp_path / "gateway.toml"), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "event=source_up" in line:
                break
        body = json.dumps({"sensor_id": "S1", "suhu": 81.5}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{free_port}/readings", body)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
            assert json.loads(response.read()) == {"accepted": 1, "rejected": []}
        process.kill()  # the journal is all that is left
    assert journaled(tmp_path) == [("S1", 81.5, "http")]


@pytest.mark.system
def test_the_gateway_stays_until_kafka_has_the_whole_file(tmp_path: Path, kafka: Kafka) -> None:
    file = tmp_path / "many.csv"
    file.write_text("sensor_id,suhu\n" + "".join(f"S{n % 7},{n / 1000}\n" for n in range(100_000)))
    kafka.create_topic("whole-file", 3)
    (tmp_path / "gateway.toml").write_text('[gateway]\ninterval_s = 0\n[kafka]\ntopic = "whole-file"\n')
    ended = gateway(
        tmp_path, "--config", tmp_path / "gateway.toml", "--bootstrap-servers", kafka.bootstrap_servers,
        "--source", "csv", "--file", file, "--speed", "0",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "delivered=100000 waiting=0" in ended.stderr


def test_what_a_source_needs_is_loaded_only_for_those_who_use_it(tmp_path: Path) -> None:
    heavy = ["httpx", "h11", "prometheus_client", "serial", "gateway.sources.csv_file", "gateway.sources.csv_reading"]
    look = f"import sys, gateway.cli.run, gateway.app; print(sorted(set({heavy}) & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout == "[]\n"

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.run import effective_config
from gateway.config import JournalOptions, KafkaOptions, load
from gateway.journal import Journal

REFUSED = "127.0.0.1:1"  # nothing listens on port 1


def gateway(*arguments: str | Path, timeout_s: float = 30) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def test_a_broken_configuration_ends_with_78_and_names_the_place(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('[[serial]]\nport = "/dev/ttyUSB0"\nbaudrate = "fast"\n')
    ended = gateway("--config", path)
    assert ended.returncode == 78
    assert f"{path}: serial[1].baudrate: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_password_file_that_is_not_there_ends_with_78_and_names_the_place(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(f'[[mqtt]]\nusername = "u"\npassword_file = "{tmp_path}/none"\n')
    ended = gateway("--config", path, "--journal", tmp_path / "journal.db")
    assert ended.returncode == 78
    assert f"mqtt[1].password_file: {tmp_path}/none: No such file or directory: it must be there" in ended.stderr
    assert not (tmp_path / "journal.db").exists()


def test_options_leave_the_files_tables_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(
        '[[serial]]\nport = "/dev/ttyUSB0"\n[[mqtt]]\n[[mqtt.devices]]\ntopics = ["a"]\n[[csv]]\npath = "a.csv"\n'
    )
    assert effective_config(path, "kafka.example:9092", tmp_path / "j.db").model_dump() == {
        **load(path).model_dump(),
        "kafka": KafkaOptions(bootstrap_servers=["kafka.example:9092"]).model_dump(),
        "journal": JournalOptions(path=tmp_path / "j.db").model_dump(),
    }


def test_an_option_is_checked_like_the_files_keys() -> None:
    ended = gateway("--simulate", "--bootstrap-servers", "kafka")
    assert ended.returncode == 78
    assert "command line: kafka.bootstrap_servers: 'kafka' is not host:port" in ended.stderr


def test_a_journal_that_cannot_be_made_ends_with_74_and_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = gateway("--simulate", "--journal", tmp_path / "file" / "journal.db")
    assert ended.returncode == 74
    assert "journal.path" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_gateway_ends_with_75_and_the_pid_of_the_first(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "pabrik-1", 1 << 20)
    ended = gateway("--simulate", "--journal", tmp_path / "journal.db")
    journal.close()
    assert ended.returncode == 75
    assert f"in use by PID {os.getpid()}" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_the_journal_keeps_what_kafka_does_not_have(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "journal.db"
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "--simulate", "--journal", path, "--bootstrap-servers", REFUSED],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "event=kafka_down" in line:
                process.send_signal(number)
        assert process.wait(timeout=5) == 0
    assert [re.search(r"event=(\w+)", line)[1] for line in lines] == [  # type: ignore[index]  # every line has one
        "started",
        "source_up",
        "kafka_down",
        "stopped",
    ]
    journal = Journal(path, "pabrik-1", 1 << 28)
    kept = journal.read(after=0, limit=100)
    journal.close()
    assert f"waiting={len(kept)}" in lines[-1]
    assert len(kept) >= 3
    assert len(kept) % 3 == 0


def test_help_and_version_need_no_configuration() -> None:
    assert "--simulate" in gateway("run", "--help").stdout
    assert gateway("--version").stdout.startswith("gateway, version ")


def test_a_log_that_nobody_reads_any_more_does_not_stop_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "--simulate", "--journal", path, "--bootstrap-servers", REFUSED],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "event=started" in process.stderr.readline()
        process.stderr.close()  # the lines to come, such as kafka_down, have no reader
        status = [sys.executable, "-m", "gateway", "spool", "status", "--json", "--journal", path]
        while json.loads(subprocess.run(status, capture_output=True, check=True).stdout)["waiting"] < 12:
            assert process.poll() is None
        process.terminate()
        assert process.wait(timeout=10) == 0

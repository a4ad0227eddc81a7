import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "firmware_sim", *arguments], capture_output=True, text=True, check=False, timeout=20
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 64, "firmware_sim: a device is one of --pty LINK, --tcp and --mqtt; for several give --scenario FILE\n"),
        (["--tcp", "--mqtt"], 64, "a device is one of --pty LINK, --tcp and --mqtt; for several give --scenario FILE"),
        (["--tcp", "--rate", "0"], 64, "firmware_sim: --rate: Input should be greater than 0\n"),
        (["--tcp", "--topic", "x"], 64, "firmware_sim: --topic: not known here; see --help\n"),
        (["--tcp", "--boot-s", "-1"], 64, "--boot-s: Input should be greater than or equal to 0"),
        (["--tcp", "--sensors", "S1,,S2"], 64, "--sensors: String should match pattern"),
        (["--mqtt", "--topic", "suhu/#"], 64, "--topic: a topic to publish to has no wildcards"),
        (["--tcp", "--curve", "flat"], 64, "'flat' is not one of 'steady', 'overheat', 'heat-up'"),
        (
            ["--tcp", "--format", "thermo"],
            64,
            "--format: no personality is called thermo; python -m firmware_sim --list",
        ),
        (["--mqtt", "--format", "dht"], 64, "--format: dht speaks over line, not over this transport"),
        (["--tcp", "--speed", "3"], 64, "No such option"),
        (["--scenario", "x", "--rate", "3"], 64, "besides it only --seed and --truth can be given"),
        (["--scenario", "/missing.toml"], 78, "cannot read the scenario /missing.toml: No such file or directory"),
        (["--tcp", "--truth", "/missing/truth"], 74, "cannot write the ground truth /missing/truth: No such file"),
    ],
)
def test_a_mistake_is_words_and_an_exit_code(arguments: list[str], code: int, words: str) -> None:
    returned, out, err = run(*arguments)
    assert (returned, out) == (code, "")
    assert words in err
    assert "Traceback" not in err


def test_help_names_every_choice() -> None:
    code, out, _ = run("--help")
    assert code == 0
    for word in ("steady|overheat|heat-up|cooling|runaway|hot", "--format NAME", "pause|run", "--truth", "--pace"):
        assert word in out


def test_pace_without_a_number_is_the_speed_of_the_client(tmp_path: Path) -> None:
    code, _, err = run("--tcp", "--pace")
    assert code == 64
    assert "--pace" in err


def test_list_names_personalities_and_faults() -> None:
    code, out, err = run("--list")
    assert (code, err) == (0, "")
    assert "  dallas                line            DS18B20 on an Arduino, DallasTemperature example Single\n" in out
    assert "  modbus-xy-md02        poll            XY-MD02: input register 1 in tenths" in out
    assert "  wrong-baud            line poll       garbled as a client hears it that listens at `baud`\n" in out

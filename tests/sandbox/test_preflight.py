import ast
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sandbox import preflight
from sandbox.fetched import PROJECT

SCRIPT = PROJECT / "sandbox" / "preflight.py"


def run(environ: Mapping[str, str], *options: str) -> tuple[int, list[str]]:
    """Run it as `make` does; return its exit code and its sentences."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *options], env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr.splitlines()


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def old_java(folder: Path, name: str = "java") -> Path:
    return program(folder, name, "echo 'openjdk version \"1.8.0_402\"' >&2")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine with nothing on its PATH but a good Java."""
    program(tmp_path / "bin", "java", "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2")
    return {"PATH": str(tmp_path / "bin")}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_is_readable_for_python_3_6() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 6))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


def test_a_machine_that_has_all_passes_in_silence() -> None:
    assert run(os.environ) == (0, [])


def test_no_java_is_one_sentence_with_the_remedy_and_exit_code_69(tmp_path: Path) -> None:
    code, sentences = run({"PATH": str(tmp_path)})
    assert code == 69
    assert len([sentence for sentence in sentences if "Java" in sentence]) == 1
    assert sentences[0].startswith(
        "preflight: Java was not found, 17 or newer is needed by Kafka and Spark: "
        "install one (Debian, Ubuntu: `apt-get install openjdk-17-jre-headless`; "
    )


def test_all_that_is_missing_is_told_at_once(environ: dict[str, str], tmp_path: Path) -> None:
    old_java(tmp_path / "bin")
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = str(server.getsockname()[1])
        code, sentences = run({**environ, "SUHU_KAFKA_PORT": taken, "SUHU_MQTT_PORT": "mqtt"}, "--demo")
    assert code == 69
    assert [" ".join(sentence.split()[:3]) for sentence in sentences] == [
        "preflight: Java 8",
        f"preflight: Port {taken},",
        "preflight: SUHU_MQTT_PORT is",
    ]


@pytest.mark.parametrize(
    ("words", "release"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_402"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21-ea" 2023-09-19', 21),
        ('openjdk version "25" 2025-09-16', 25),
        ("Unable to locate a Java Runtime.", None),
    ],
)
def test_java_releases(words: str, release: int | None) -> None:
    assert preflight.java_release(words) == release


def test_java_that_is_too_old(tmp_path: Path) -> None:
    java = old_java(tmp_path)
    [sentence] = preflight.java_problems({"PATH": str(tmp_path)})
    assert sentence.startswith(f"Java 8 ({java}) is too old, 17 or newer is needed by Kafka and Spark: install one")


def test_java_home_goes_before_the_path(environ: dict[str, str], tmp_path: Path) -> None:
    java = old_java(tmp_path / "jdk8", "bin/java")
    [sentence] = preflight.java_problems({**environ, "JAVA_HOME": str(tmp_path / "jdk8")})
    assert sentence.startswith(f"Java 8 ({java}) is too old")


def test_java_home_that_holds_no_java(environ: dict[str, str], tmp_path: Path) -> None:
    assert preflight.java_problems({**environ, "JAVA_HOME": f"{tmp_path}/gone"}) == [
        f"JAVA_HOME is {tmp_path}/gone, but there is no bin/java in it: correct it or unset it."
    ]


def test_java_that_does_not_run(tmp_path: Path) -> None:
    program(tmp_path, "java", "echo Unable to locate a Java Runtime. >&2; exit 1")
    [sentence] = preflight.java_problems({"PATH": str(tmp_path)})
    assert "does not tell its version, it says 'Unable to locate a Java Runtime.': install one" in sentence


def test_python_that_is_too_old_names_a_newer_one_that_works(tmp_path: Path) -> None:
    program(tmp_path, "python3.13", "exit 127")  # a version manager's empty shell
    newer = program(tmp_path, "python3.12", "exit 0")
    assert preflight.python_problems((3, 9, 2), {"PATH": str(tmp_path)}) == [
        f"Python 3.9.2 ({sys.executable}) is too old, 3.11 or newer is needed: "
        f"name one, as in `make setup PYTHON={newer}`."
    ]


def test_python_that_is_too_old_where_there_is_no_newer_one(tmp_path: Path) -> None:
    [sentence] = preflight.python_problems((3, 6, 15), {"PATH": str(tmp_path)})
    assert sentence.endswith("install one and name it, as in `make setup PYTHON=/path/to/python3.12`.")


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_python_without_virtual_environments(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)  # makes its import fail
    [sentence] = preflight.python_problems((3, 11, 2), {})
    assert f"its module {missing} is missing: on Debian and Ubuntu run `apt-get install python3.11-venv`" in sentence


def test_full_disk(small_disk: Path) -> None:
    [sentence] = preflight.disk_problems(small_disk, 10**9)
    assert sentence == (
        f"The disk of {small_disk} is nearly full, 0.00 GB are free and 1 GB are needed: "
        "free some, or copy the project to a larger disk."
    )


def test_disk_with_less_than_is_needed(tmp_path: Path) -> None:
    [sentence] = preflight.disk_problems(tmp_path, 10**18)
    assert re.fullmatch(
        r"The disk of \S+ is nearly full, [\d.]+ GB are free and 1000000000 GB are needed: .*", sentence
    )


def test_folder_that_cannot_be_written_to(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert preflight.disk_problems(small_disk, 0) == [
        f"The folder {small_disk} cannot be written to by this user: change its owner, or copy the project."
    ]


def test_missing_mosquitto_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(preflight, "SBIN", str(tmp_path))
    program(tmp_path / "bin", "apt-get", "exit 0")
    [sentence] = preflight.mosquitto_problems({"PATH": str(tmp_path)}, is_root=True)
    assert "`sudo apt-get install mosquitto`" in sentence
    assert preflight.mosquitto_problems({"PATH": f"{tmp_path}/bin"}, is_root=False) == [sentence]
    assert preflight.mosquitto_problems({"PATH": f"{tmp_path}/bin"}, is_root=True) == []


def test_registry_that_does_not_answer() -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    [sentence] = preflight.registry_problems({**environ, "PIP_INDEX_URL": "http://127.0.0.1:1/simple"})
    assert sentence.startswith("The Python package registry does not answer, and not everything has been fetched yet: ")


def test_taken_port_names_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        [sentence] = preflight.port_problems({"SUHU_MQTT_PORT": str(port)})
    assert re.fullmatch(
        rf"Port {port}, which SUHU_MQTT_PORT asks for, is taken by \S+ \(process {os.getpid()}\): stop that program, "
        r"choose another port, or unset SUHU_MQTT_PORT and mosquitto gets a free one\.",
        sentence,
    )
    assert preflight.port_problems({"SUHU_MQTT_PORT": str(port)}) == []


@pytest.mark.parametrize("text", ["mqtt", "0", "65536", "-1"])
def test_port_that_is_none(text: str) -> None:
    [sentence] = preflight.port_problems({"SUHU_KAFKA_PORT": text})
    assert sentence == (
        f"SUHU_KAFKA_PORT is '{text}', which is no port number: set it to one of 1 to 65535, or unset it."
    )

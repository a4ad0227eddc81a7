import subprocess
from pathlib import Path

import pytest

from sandbox import jars
from sandbox.fetched import FETCHED

# The sha256 of "abc" (FIPS 180-4, example) and of nothing.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
LOCK = {"broker/a-1.jar": ABC, "spark/b-1.jar": NOTHING}


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    for path, content in (("broker/a-1.jar", b"abc"), ("spark/b-1.jar", b"")):
        (tmp_path / "lib" / path).parent.mkdir(parents=True)
        (tmp_path / "lib" / path).write_bytes(content)
    return tmp_path / "lib"


def test_the_fetched_jars_are_the_locked_ones() -> None:
    assert jars.problems(FETCHED / "lib", jars.read_lock()) == []


def test_the_lock_names_both_configurations() -> None:
    assert {path.split("/")[0] for path in jars.read_lock()} == {"broker", "spark"}


def test_a_written_lock_is_read_back_and_understood_by_sha256sum(lib: Path, tmp_path: Path) -> None:
    assert jars.write_lock(lib, tmp_path / "lock") == 2
    assert jars.read_lock(tmp_path / "lock") == LOCK
    subprocess.run(["sha256sum", "--quiet", "--check", str(tmp_path / "lock")], cwd=lib, check=True)


def test_jars_as_locked_are_no_problem(lib: Path) -> None:
    assert jars.problems(lib, LOCK) == []


def test_each_difference_is_named(lib: Path) -> None:
    (lib / "broker" / "a-1.jar").write_bytes(b"abd")
    (lib / "spark" / "b-1.jar").rename(lib / "spark" / "b-2.jar")
    assert jars.missing(lib, LOCK) == ["spark/b-1.jar"]
    assert jars.problems(lib, LOCK) == [
        "spark/b-1.jar is missing",
        "spark/b-2.jar is not in the lock",
        "broker/a-1.jar has other content than the lock",
    ]

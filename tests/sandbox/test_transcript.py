from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.transcript import follow


def run(script: str, log: Path) -> list[str]:
    return list(follow(["sh", "-c", script], log, "Fetching it"))


def test_lines_come_as_they_are_written_and_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "made" / "it.log"
    assert run("echo one; echo two >&2", log) == ["one", "two"]
    assert log.read_text() == "one\ntwo\n"


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("java.io.IOException: No space left on device", "the disk is full: free some space"),
        ("OSError: [Errno 28] No space left on device", "the disk is full: free some space"),
        ("(java.net.ConnectException: Connection refused)", "the package registry cannot be reached: check"),
        ("You probably access the destination server through a proxy server that", "the package registry cannot be"),
        ("Temporary failure resolving", "the package registry cannot be reached: check"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "a package is not the one that the lock names"),
        ("PKIX path building failed", "a certificate is not trusted: check"),
        ("module not found: org.apache.kafka#kafka_2.13;9.9.9", "the registry lacks a package: is a mirror set?"),
        ("Segmentation fault", "for a reason unknown to us"),
    ],
)
def test_a_failure_is_one_sentence_with_cause_and_log(words: str, cause: str, tmp_path: Path) -> None:
    log = tmp_path / "it.log"
    with pytest.raises(SandboxError) as caught:
        run(f"echo '{words}'; exit 1", log)
    told = str(caught.value)
    assert told.startswith(f"Fetching it failed, {cause}")
    assert told.endswith(f"; all its words are in {log}.")
    assert "\n" not in told


def test_words_of_trouble_do_not_matter_when_it_succeeds(tmp_path: Path) -> None:
    assert run("echo timed out, trying again", tmp_path / "it.log") == ["timed out, trying again"]

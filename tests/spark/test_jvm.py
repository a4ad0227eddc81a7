from pathlib import Path

import pytest
from suhu_jobs.errors import Unavailable
from suhu_jobs.jvm import Jvm, check_java


def _java(home: Path, version: str | None = None, says: str = "") -> Path:
    """Make a Java installation with a `release` file, or with a `java` that says its version."""
    (home / "bin").mkdir(parents=True)
    java = home / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(0o755)
    if version is not None:
        (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return home


@pytest.mark.parametrize("version", ["17", "17.0.15", "21.0.2", "25-ea"])
def test_a_java_that_is_new_enough_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("JAVA_HOME", str(_java(tmp_path / "j", version)))
    check_java()


@pytest.mark.parametrize(
    ("version", "says"),
    [("1.8.0_402", ""), ("11.0.2", ""), (None, 'openjdk version "11.0.2"'), (None, 'java version "1.8.0"')],
)
def test_a_java_that_is_too_old_is_refused_with_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, says: str
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(_java(tmp_path / "j", version, says)))
    with pytest.raises(Unavailable, match=r"/j/bin/java is Java (8|11), too old for Spark: install Java 17 or newer"):
        check_java()


def test_a_wrong_java_home_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(Unavailable, match=r"JAVA_HOME is .*, where there is no bin/java: .*, or unset JAVA_HOME"):
        check_java()


def test_a_missing_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="there is no `java` on the PATH: install Java 17 or newer"):
        check_java()


def test_classes_are_looked_up(jvm: Jvm) -> None:
    assert jvm.has_class("org.apache.spark.sql.kafka010.KafkaSourceProvider")
    assert not jvm.has_class("org.example.Nothing")


def test_a_jvm_that_we_started_is_not_our_parent(jvm: Jvm) -> None:
    assert not jvm.submitted
    assert jvm.stdout_is_terminal() is False

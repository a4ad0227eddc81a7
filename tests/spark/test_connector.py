from pathlib import Path

import pytest
from suhu_jobs.connector import Connector, find_connector
from suhu_jobs.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jar", "a.jar", "notes.txt"):
        (tmp_path / name).touch()
    return tmp_path


def test_fetched_jars_are_taken_unasked(folder: Path) -> None:
    assert find_connector(None, folder) == Connector((folder / "a.jar", folder / "b.jar"))
    assert str(find_connector(None, folder)) == str(folder)


def test_without_jars_spark_downloads(tmp_path: Path) -> None:
    connector = find_connector(None, tmp_path)
    assert connector.conf(local=True) == {"spark.jars.packages": "org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0"}
    assert str(connector) == "download of org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0"


def test_jars_are_named_by_folder_or_one_by_one(folder: Path, tmp_path: Path) -> None:
    assert find_connector(str(folder)).jars == (folder / "a.jar", folder / "b.jar")
    assert find_connector(f"{folder}/b.jar,{folder}/a.jar").jars == (folder / "b.jar", folder / "a.jar")


def test_a_local_driver_needs_no_copies_and_executors_elsewhere_do() -> None:
    connector = Connector((Path("/j/a.jar"), Path("/j/b.jar")))
    assert connector.conf(local=True) == {"spark.driver.extraClassPath": "/j/a.jar:/j/b.jar"}
    assert connector.conf(local=False) == {
        "spark.driver.extraClassPath": "/j/a.jar:/j/b.jar",
        "spark.jars": "/j/a.jar,/j/b.jar",
    }


@pytest.mark.parametrize("asked_for", ["/nowhere", "/nowhere/a.jar,/nowhere/b.jar"])
def test_jars_that_are_not_there_are_refused(asked_for: str) -> None:
    with pytest.raises(ConfigError, match="--jars: there is no jar at /nowhere"):
        find_connector(asked_for)


def test_a_folder_without_jars_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--jars: there is no jar at"):
        find_connector(str(tmp_path))

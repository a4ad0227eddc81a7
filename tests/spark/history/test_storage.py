from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.errors import StorageError
from suhu_jobs.history.storage import Storage


@pytest.fixture
def storage(spark: SparkSession, tmp_path: Path) -> Storage:
    return Storage(spark, str(tmp_path / "a b"))


def test_what_is_made_moved_and_deleted_is_found(storage: Storage, tmp_path: Path) -> None:
    assert storage.find("day=*/*.parquet") == []
    storage.make("new/x.parquet")
    storage.make("new/x.parquet")
    storage.move("new/x.parquet", "day=2026-11-22/y.parquet")
    [file] = storage.find("day=*/*.parquet")
    assert (file.path, file.size_bytes) == ("day=2026-11-22/y.parquet", 0)
    assert file.modified_ms == (tmp_path / "a b" / file.path).stat().st_mtime_ns // 10**6
    storage.delete("day=2026-11-22")
    storage.delete("day=2026-11-22")
    assert storage.find("day=*/*.parquet") == []


def test_each_change_is_told_before_it_is_made(spark: SparkSession, tmp_path: Path) -> None:
    told: list[tuple[str, bool]] = []
    storage = Storage(spark, str(tmp_path), lambda change: told.append((change, (tmp_path / "x").exists())))
    storage.make("x")
    storage.move("x", "d/y")
    storage.delete("d")
    assert told == [("make x", False), ("move x d/y", True), ("delete d", False)]


def test_a_place_is_a_path_or_a_url(spark: SparkSession) -> None:
    assert Storage(spark, "/var/my history").url("x") == "file:///var/my history/x"
    assert Storage(spark, "file:///var/h/").url() == "file:///var/h"
    assert Storage(spark, "hdfs://n:9000/h/").url("x") == "hdfs://n:9000/h/x"


def test_what_cannot_be_moved_is_said_with_its_place(storage: Storage) -> None:
    with pytest.raises(StorageError, match=r"cannot write file:.*/y \(File .*/x does not exist\): see that the"):
        storage.move("x", "y")


def test_a_file_system_that_is_unknown_is_said_with_its_place(spark: SparkSession) -> None:
    with pytest.raises(StorageError, match=r'cannot list gopher://h/x \(No FileSystem for scheme "gopher"\): see that'):
        Storage(spark, "gopher://h").find("x")

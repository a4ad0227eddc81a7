from pathlib import Path

import pytest
from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.errors import ConfigError, StorageError

INITIAL = 'v1\n{"sensor-suhu":{"0":3,"1":0}}'
BATCH = 'v1\n{"batchWatermarkMs":0}\n{"sensor-suhu":{"1":%d,"0":12}}'


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_new_checkpoint_is_made_and_has_not_begun(tmp_path: Path) -> None:
    checkpoint = Checkpoint(str(tmp_path / "a" / "b"))
    assert checkpoint.location == f"file://{tmp_path}/a/b/query"
    assert checkpoint.begun() is False
    assert checkpoint.next_offsets("sensor-suhu") == {}


def test_a_run_begins_where_the_last_committed_batch_ended(tmp_path: Path) -> None:
    checkpoint = Checkpoint(str(tmp_path))
    _write(tmp_path / "query" / "metadata", "{}")
    _write(tmp_path / "query" / "sources" / "0" / "0", INITIAL)
    assert checkpoint.begun() is True
    assert checkpoint.next_offsets("sensor-suhu") == {0: 3, 1: 0}
    for batch in (2, 9, 10, 11):
        _write(tmp_path / "query" / "offsets" / str(batch), BATCH % batch)
    for name in ("2", "9", "10", ".11.crc", ".11.tmp"):
        _write(tmp_path / "query" / "commits" / name, "v1\n{}")
    assert checkpoint.next_offsets("sensor-suhu") == {0: 12, 1: 10}


@pytest.mark.parametrize("text", ["", "v1", "v1\nnot json", "v1\n[]", 'v1\n{"others":{"0":1}}'])
def test_what_cannot_be_read_tells_nothing(tmp_path: Path, text: str) -> None:
    _write(tmp_path / "query" / "sources" / "0" / "0", text)
    assert Checkpoint(str(tmp_path)).next_offsets("sensor-suhu") == {}


def test_starting_over_keeps_the_old_checkpoint(tmp_path: Path) -> None:
    checkpoint = Checkpoint(str(tmp_path))
    _write(tmp_path / "query" / "metadata", "old")
    aside = checkpoint.start_over()
    assert (Path(aside) / "metadata").read_text() == "old"
    assert checkpoint.begun() is False


def test_a_place_that_cannot_be_written_is_refused_with_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot write the checkpoint directory .*/file \(File exists\): make it"):
        Checkpoint(str(tmp_path / "file"))


def test_a_place_elsewhere_is_left_to_spark() -> None:
    checkpoint = Checkpoint("hdfs://n/a/")
    assert checkpoint.location == "hdfs://n/a/query"
    assert checkpoint.begun() is None
    assert checkpoint.next_offsets("sensor-suhu") == {}
    with pytest.raises(ConfigError, match="the checkpoint hdfs://n/a/ belongs to a readings topic that is no more"):
        checkpoint.start_over()

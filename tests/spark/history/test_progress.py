from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.errors import ConfigError
from suhu_jobs.history.progress import Progress
from suhu_jobs.history.storage import Storage

QUERY_ID = "1afa4814-f4cc-479b-bec7-abab3fb9d028"


@pytest.fixture
def progress(spark: SparkSession, tmp_path: Path) -> Progress:
    return Progress(Storage(spark, str(tmp_path)))


def test_the_same_batch_and_the_next_one_are_expected(progress: Progress) -> None:
    progress.check(QUERY_ID, 0)
    progress.begin(QUERY_ID, 0)
    progress.begin(QUERY_ID, 0)
    progress.begin(QUERY_ID, 1)
    progress.check(QUERY_ID, 1)
    progress.check(QUERY_ID, 2)


def test_only_the_newest_mark_is_kept(progress: Progress, tmp_path: Path) -> None:
    for batch in range(3):
        progress.begin(QUERY_ID, batch)
    marks = [path.name for path in (tmp_path / "_history" / "batches").glob("[0-9]*")]
    assert marks == [f"0000000002.{QUERY_ID}"]


def test_of_two_marks_that_a_kill_has_left_the_newer_one_holds(progress: Progress, tmp_path: Path) -> None:
    progress.begin(QUERY_ID, 6)
    (tmp_path / "_history" / "batches" / f"0000000005.{QUERY_ID}").touch()
    progress.check(QUERY_ID, 7)


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (5, "has the batches up to 7, the checkpoint goes on with 5: the checkpoint is an older copy"),
        (9, "has the batches up to 7, the checkpoint goes on with 9: the history is an older copy"),
    ],
)
def test_a_batch_out_of_turn_is_refused(progress: Progress, batch: int, words: str) -> None:
    progress.begin(QUERY_ID, 7)
    with pytest.raises(ConfigError, match=words):
        progress.check(QUERY_ID, batch)


def test_another_query_is_refused(progress: Progress) -> None:
    progress.begin(QUERY_ID, 7)
    with pytest.raises(
        ConfigError, match=r"query 1afa4814, this one is 99999999\), .* would write its readings a second"
    ):
        progress.check("99999999-f4cc-479b-bec7-abab3fb9d028", 0)


def test_an_old_checkpoint_with_an_empty_history_is_refused(progress: Progress) -> None:
    with pytest.raises(ConfigError, match="but the checkpoint has written 12 batches of one: is it not mounted"):
        progress.check(QUERY_ID, 12)


def test_files_of_which_nobody_knows_the_writer_are_refused(progress: Progress, tmp_path: Path) -> None:
    (tmp_path / "day=2026-11-22").mkdir()
    (tmp_path / "day=2026-11-22" / "part-0.parquet").touch()
    with pytest.raises(ConfigError, match="holds a history, but not _history/batches, which says who wrote it"):
        progress.check(QUERY_ID, 0)

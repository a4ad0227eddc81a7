import pytest
from suhu_jobs.history.names import HistoryFile, covered, parse_path

ONE = HistoryFile("2026-11-22", 0, 5, 5, "1afa4814")
RUN = HistoryFile("2026-11-22", 1, 0, 31, "1afa4814")


def test_a_path_says_day_tier_batches_and_query() -> None:
    assert ONE.path == "day=2026-11-22/t0-0000000005-0000000005-1afa4814.parquet"
    assert parse_path(ONE.path, 881, 7) == HistoryFile("2026-11-22", 0, 5, 5, "1afa4814", 881, 7)
    late = HistoryFile("2026-11-22", 2, 10**10, 10**11, "1afa4814")
    assert parse_path(late.path) == late


@pytest.mark.parametrize(
    "path",
    [
        "day=2026-11-22/part-00000.parquet",
        "day=2026-11-22/t0-5-5-1afa4814.parquet",
        "day=2026-11-22/.t0-0000000005-0000000005-1afa4814.parquet",
        "t0-0000000005-0000000005-1afa4814.parquet",
        "_history/staging/5-0f/day=2026-11-22/t0-0000000005-0000000005-1afa4814.parquet",
    ],
)
def test_other_files_are_not_ours(path: str) -> None:
    assert parse_path(path) is None


@pytest.mark.parametrize(
    "other",
    [
        HistoryFile("2026-11-22", 0, 32, 32, "1afa4814"),  # a later batch
        HistoryFile("2026-11-21", 0, 5, 5, "1afa4814"),  # another day
        HistoryFile("2026-11-22", 0, 5, 5, "99999999"),  # another query
        HistoryFile("2026-11-22", 1, 0, 31, "1afa4814"),  # itself
        HistoryFile("2026-11-22", 2, 0, 31, "1afa4814"),  # what it was merged into
    ],
)
def test_a_merged_file_covers_lower_tiers_of_its_own_batches_only(other: HistoryFile) -> None:
    assert not RUN.covers(other)
    assert RUN.covers(ONE)
    assert covered([RUN, ONE]) == [ONE]
    assert covered([other]) == []

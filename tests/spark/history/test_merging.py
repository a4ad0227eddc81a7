from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from suhu_jobs.history.merging import Merge, next_merge
from suhu_jobs.history.names import HistoryFile

MIB = 2**20
DAY = "2026-11-22"
NOON_MS = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000)
NEXT_NOON_MS = NOON_MS + 86_400_000


def _file(
    first: int, last: int | None = None, tier: int = 0, mib: float = 0.01, modified_ms: int = NOON_MS
) -> HistoryFile:
    return HistoryFile(DAY, tier, first, first if last is None else last, "1afa4814", int(mib * MIB), modified_ms)


def _paths(merge: Merge | None) -> list[str]:
    return [] if merge is None else [file.path.rpartition("/")[2] for file in merge.files]


def test_thirty_two_neighbours_of_a_tier_become_one_of_the_next() -> None:
    merge = next_merge([[_file(n) for n in range(40)]], 40, NOON_MS)
    assert merge is not None
    assert len(merge.files) == 32
    assert merge.output.path == f"day={DAY}/t1-0000000000-0000000031-1afa4814.parquet"


def test_thirty_one_are_left_alone_while_the_day_lasts() -> None:
    assert next_merge([[_file(n) for n in range(31)]], 31, NOON_MS) is None


def test_a_batch_that_may_run_again_is_not_merged() -> None:
    files = [_file(n) for n in range(32)]
    assert next_merge([files], 31, NOON_MS) is None
    assert next_merge([files], 32, NOON_MS) is not None


def test_tiers_are_not_mixed_on_a_day_that_lasts() -> None:
    files = [_file(0, 31, tier=1), *(_file(n) for n in range(32, 63))]
    assert next_merge([files], 99, NOON_MS) is None


def test_nothing_becomes_larger_than_64_mib() -> None:
    assert next_merge([[_file(n, mib=2) for n in range(32)]], 99, NOON_MS) is not None
    assert next_merge([[_file(n, mib=2.1) for n in range(32)]], 99, NOON_MS) is None


def test_a_day_that_is_over_is_merged_across_tiers_once_it_is_quiet() -> None:
    files = [_file(0, 31, tier=1), _file(32), _file(33, modified_ms=NEXT_NOON_MS - 599_999)]
    assert next_merge([files], 99, NEXT_NOON_MS) is None
    merge = next_merge([files], 99, NEXT_NOON_MS + 1)
    assert merge is not None
    assert merge.output.path == f"day={DAY}/t2-0000000000-0000000033-1afa4814.parquet"


def test_a_closed_day_that_is_too_large_for_one_file_is_merged_in_neighbours() -> None:
    files = [_file(0, tier=2, mib=60), _file(1, mib=5), _file(2, mib=50), _file(3, mib=60)]
    assert _paths(next_merge([files], 99, NEXT_NOON_MS)) == [
        "t0-0000000001-0000000001-1afa4814.parquet",
        "t0-0000000002-0000000002-1afa4814.parquet",
    ]


def test_files_of_two_queries_stay_apart() -> None:
    stranger = HistoryFile(DAY, 0, 1, 1, "99999999", 10, NOON_MS)
    assert next_merge([[_file(0), stranger, _file(2)]], 99, NEXT_NOON_MS) is None


@given(st.lists(st.floats(0, 80), max_size=40))
def test_merging_a_closed_day_ends_with_no_two_neighbours_that_fit(sizes_mib: list[float]) -> None:
    files = [_file(number, mib=size) for number, size in enumerate(sizes_mib)]
    for _ in range(len(files) + 1):
        merge = next_merge([files], 99, NEXT_NOON_MS)
        if merge is None:
            break
        output = merge.output
        assert all(output.covers(file) == (file in merge.files) for file in files)
        whole = sum(file.size_bytes for file in merge.files)
        assert whole <= 64 * MIB
        kept = [file for file in files if file not in merge.files]
        files = sorted([*kept, _file(output.first, output.last, output.tier, whole / MIB)], key=lambda f: f.first)
    neighbours = pairwise(files)
    assert all(a.size_bytes + b.size_bytes > 64 * MIB - 1 for a, b in neighbours)
    assert [number for file in files for number in range(file.first, file.last + 1)] == list(range(len(sizes_mib)))

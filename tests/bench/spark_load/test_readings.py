import pytest

from bench.spark_load.readings import Preload, number_of


@pytest.mark.parametrize(("count", "hot"), [(1, 1), (997, 1), (998, 2), (3_000_000, 3010)])
def test_one_reading_in_997_is_hot_beginning_with_the_first(count: int, hot: int) -> None:
    assert Preload(count).hot == hot


def test_a_warning_names_the_number_of_its_reading() -> None:
    line = "PERINGATAN S1 91.5 °C > 80 °C 2026-11-22T03:04:05.678Z bench/k3v9/998"
    assert number_of(line) == 997
    assert number_of(f"{line} (mungkin ulangan)") == 997

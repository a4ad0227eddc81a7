from tests.exactly_once.verdict import check

EXPECTED = {"g/j/1": "PERINGATAN S1 81.5 g/j/1", "g/j/2": "PERINGATAN S2 90.1 g/j/2"}
FIRST, SECOND = EXPECTED.values()


def test_each_line_once_is_right() -> None:
    verdict = check(EXPECTED, [SECOND, FIRST])
    assert verdict.broken(kills=0) == {}
    assert (verdict.hot, verdict.printed, verdict.marked) == (2, 2, 0)


def test_a_missing_line_is_found() -> None:
    assert check(EXPECTED, [SECOND]).broken(kills=9) == {"W1 missing": [FIRST]}


def test_a_line_that_no_reading_stands_behind_is_found() -> None:
    wrong = ["PERINGATAN S1 81.6 g/j/1", "PERINGATAN S1 99 g/j/7"]
    assert check(EXPECTED, [FIRST, SECOND, *wrong]).broken(kills=9) == {"W2 invented": wrong}


def test_a_repeat_without_the_mark_is_found_wherever_it_stands() -> None:
    marked = f"{FIRST} (mungkin ulangan)"
    assert check(EXPECTED, [FIRST, SECOND, FIRST]).broken(kills=9) == {"W3 repeated": [FIRST]}
    assert check(EXPECTED, [marked, SECOND, FIRST]).broken(kills=9) == {"W3 repeated": [FIRST]}


def test_a_marked_repeat_needs_a_kill() -> None:
    verdict = check(EXPECTED, [FIRST, SECOND, f"{FIRST} (mungkin ulangan)"])
    assert verdict.broken(kills=1) == {}
    assert verdict.broken(kills=0) == {"W4 marked": ["1 lines are marked, after 0 kills"]}
    assert (verdict.marked, verdict.repeated_marked) == (1, 1)


def test_a_marked_line_may_be_the_first_of_its_reading() -> None:
    verdict = check(EXPECTED, [f"{FIRST} (mungkin ulangan)", SECOND])
    assert verdict.broken(kills=1) == {}
    assert (verdict.marked, verdict.repeated_marked) == (1, 0)

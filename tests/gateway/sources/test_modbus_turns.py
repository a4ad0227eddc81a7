import itertools

from gateway.sources.modbus_turns import Turns

Seen = list[tuple[int, float]]


def life(
    turns: Turns, answers: dict[int, bool], until_s: float, *, answer_s: float = 0.01, timeout_s: float = 0.5
) -> Seen:
    """Ask in turn on a bus of its own clock; who was asked, and when."""
    asked: Seen = []
    now_s = 0.0
    while True:
        place, due_s = turns.next()
        now_s = max(now_s, due_s)
        if now_s >= until_s:
            return asked
        asked.append((place, round(now_s, 3)))
        if answers[place]:
            now_s += answer_s
            turns.answered(place, now_s)
        else:
            now_s += timeout_s
            turns.missed(place, now_s)


def test_each_device_is_asked_in_its_interval() -> None:
    turns = Turns([(1.0, 0.5), (2.0, 0.5)], 0.0)
    assert life(turns, {0: True, 1: True}, 4.0) == [
        (0, 0.0), (1, 0.01), (0, 1.0), (0, 2.0), (1, 2.01), (0, 3.0),
    ]  # fmt: skip


def test_a_silent_device_is_asked_with_a_tenth_of_the_bus_and_the_others_keep_their_interval() -> None:
    turns = Turns([(1.0, 0.5), (1.0, 0.5)], 0.0)
    asked = life(turns, {0: True, 1: False}, 20.0)
    assert [at_s for place, at_s in asked if place == 1] == [0.01, 1.01, 2.01, 7.01, 12.01, 17.01]
    assert [at_s for place, at_s in asked if place == 0] == [float(number) for number in range(20)]


def test_many_silent_devices_share_that_tenth_in_turn() -> None:
    turns = Turns([(1.0, 0.5)] + [(1.0, 0.1)] * 4, 0.0)
    asked = life(turns, {0: True, 1: False, 2: False, 3: False, 4: False}, 13.0, timeout_s=0.1)
    attempts = [(place, at_s) for place, at_s in asked if place and at_s > 4]
    assert [place for place, _ in attempts] == [2, 3, 4, 1, 2, 3, 4, 1, 2]
    times_s = [at_s for _, at_s in attempts]
    assert [round(later_s - earlier_s, 3) for earlier_s, later_s in itertools.pairwise(times_s)] == [1] * 8


def test_one_that_answers_waits_for_one_attempt_at_others_however_many_fail_at_once() -> None:
    turns = Turns([(0.5, 0.3)] + [(0.5, 0.3)] * 8, 0.0)
    asked = life(turns, {0: True} | dict.fromkeys(range(1, 9), False), 60.0, timeout_s=0.3)
    times_s = [at_s for place, at_s in asked if place == 0 and at_s > 2.5]  # all have been asked once
    assert max(later_s - earlier_s for earlier_s, later_s in itertools.pairwise(times_s)) < 0.5 + 0.3
    assert all(turns.is_silent(place) for place in range(1, 9))


def test_one_lost_answer_does_not_wait_for_the_silent_ones() -> None:
    turns = Turns([(1.0, 0.3), (1.0, 0.3)], 0.0)
    for now_s in (0.3, 1.3, 2.3):
        turns.missed(1, now_s)  # asked again in 2.7 s
    turns.answered(0, 2.4)
    turns.missed(0, 3.3)
    place, due_s = turns.next()
    assert (place, round(due_s, 3)) == (0, 3.6)


def test_a_device_that_answers_again_is_asked_in_its_interval_again() -> None:
    turns = Turns([(1.0, 0.1)], 0.0)
    for now_s in (0.1, 1.1, 2.1):
        turns.missed(0, now_s)
    assert turns.is_silent(0)
    assert turns.all_silent
    place, due_s = turns.next()
    assert (place, round(due_s, 3)) == (0, 3.0)
    turns.answered(0, 3.01)
    assert not turns.is_silent(0)
    assert not turns.all_silent
    assert not turns.none_answered
    assert round(turns.next()[1], 3) == 3.1


def test_two_unanswered_questions_make_no_device_silent() -> None:
    turns = Turns([(1.0, 0.5)], 0.0)
    turns.missed(0, 0.5)
    turns.missed(0, 1.5)
    assert not turns.is_silent(0)
    assert turns.none_answered


def test_a_late_bus_does_not_make_up_for_what_it_missed() -> None:
    turns = Turns([(1.0, 0.5)], 0.0)
    turns.answered(0, 100.0)
    assert turns.next() == (0, 99.0)
    turns.answered(0, 100.1)
    assert turns.next() == (0, 100.0)
    turns.answered(0, 100.2)
    assert turns.next() == (0, 101.0)

from suhu_jobs.pipeline.resends import MAX_JOURNALS, Seen, is_resend

JOURNAL = "pabrik-1/k3v9"


def _resends(*readings: tuple[int, int], seen: Seen | None = None) -> list[bool]:
    """(sequence, measured_at in ms) of one sensor in one partition."""
    seen = {} if seen is None else seen
    return [is_resend(seen, 0, f"{JOURNAL}/{sequence}", at_ms) for sequence, at_ms in readings]


def test_growing_sequences_are_new_with_holes_between_them() -> None:
    assert _resends((1, 1000), (2, 2000), (40, 3000)) == [False, False, False]


def test_what_comes_again_is_a_resend_however_often_and_however_late() -> None:
    assert _resends((1, 1000), (2, 2000), (2, 2000), (1, 1000), (3, 3000), (1, 1000)) == [
        False,
        False,
        True,
        True,
        False,
        True,
    ]


def test_a_higher_sequence_is_new_although_its_clock_went_back() -> None:
    assert _resends((1, 9000), (2, 1000), (3, 9000), (2, 1000)) == [False, False, False, True]


def test_a_box_restored_from_an_old_image_uses_its_sequences_again_and_loses_nothing() -> None:
    assert _resends((1, 1000), (9, 9000), (5, 20_000), (6, 21_000), (5, 20_000), (9, 9000), (7, 22_000)) == [
        False,
        False,
        False,
        False,
        True,
        True,
        False,
    ]


def test_journals_and_partitions_are_counted_apart() -> None:
    seen: Seen = {}
    ids = [
        (0, "pabrik-1/k3v9/7"),
        (0, "pabrik-1/aaaa/7"),
        (0, "pabrik-2/k3v9/7"),
        (1, "pabrik-1/k3v9/7"),
        (1, "pabrik-1/k3v9/7"),
    ]
    assert [is_resend(seen, partition, event_id, 1000) for partition, event_id in ids] == [
        False,
        False,
        False,
        False,
        True,
    ]


def test_what_has_no_readable_event_id_is_never_a_resend() -> None:
    seen: Seen = {}
    for event_id in (None, "", "x", "7", "/7", "a/b/", "a/b/-1", "a/b/٣"):
        assert not is_resend(seen, 0, event_id, 1000)
        assert not is_resend(seen, 0, event_id, 1000)
    assert seen == {}


def test_two_numbers_are_kept_per_journal() -> None:
    seen: Seen = {}
    _resends((1, 5000), (7, 1000), seen=seen)
    assert seen == {"0/pabrik-1/k3v9": [7, 5000]}


def test_only_the_journal_heard_of_longest_ago_is_forgotten() -> None:
    seen: Seen = {}
    for number in range(MAX_JOURNALS):
        is_resend(seen, 0, f"g/j{number}/1", 1000)
    assert is_resend(seen, 0, "g/j0/1", 1000)
    assert not is_resend(seen, 0, "g/new/1", 1000)
    assert len(seen) == 64
    assert "0/g/j0" in seen
    assert "0/g/j1" not in seen

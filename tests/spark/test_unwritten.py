from suhu_jobs.unwritten import Unwritten


def test_it_is_true_as_soon_as_there_is_something_in_it() -> None:
    assert not Unwritten()
    assert Unwritten(intents={})  # that there are none any more is something
    assert Unwritten(positions={0: 1})


def test_resends_are_bounded_and_the_oldest_goes_first() -> None:
    unwritten = Unwritten()
    for key in (b"a", b"b", b"c"):
        unwritten.remember(key, limit=2)
    assert list(unwritten.resends) == [b"b", b"c"]

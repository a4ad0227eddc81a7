from dashboard.plant.resends import Resends


def test_a_sequence_that_is_not_above_the_highest_is_a_resend() -> None:
    resends = Resends()
    assert [resends.sees(0, "gw/aaaa", number, number) for number in (1, 2, 2, 1, 3)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_each_journal_and_partition_counts_by_itself() -> None:
    resends = Resends()
    assert not resends.sees(0, "gw/aaaa", 5, 5)
    assert not resends.sees(0, "gw/bbbb", 5, 5)
    assert not resends.sees(1, "gw/aaaa", 5, 5)


def test_a_disk_restored_from_an_old_image_uses_its_sequences_for_new_readings() -> None:
    resends = Resends()
    assert not resends.sees(0, "gw/aaaa", 100, 1000)
    assert not resends.sees(0, "gw/aaaa", 50, 2000)
    assert resends.sees(0, "gw/aaaa", 50, 2000)


def test_made_up_journals_take_no_room() -> None:
    resends = Resends()
    for number in range(1000):
        resends.sees(0, f"gw/{number:04}", 1, 1)
    assert len(resends._highest) == 16

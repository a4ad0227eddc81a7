from dashboard.plant.newest import Newest


def test_the_oldest_leave_and_changes_are_told_by_version() -> None:
    newest: Newest[str] = Newest(2)
    newest.put("a", "A", 1)
    newest.put("b", "B", 2)
    newest.put("a", "AA", 3)
    assert newest.since(0) == [("a", "AA"), ("b", "B")]
    assert newest.since(2) == [("a", "AA")]
    newest.put("c", "C", 4)
    assert newest.get("a") is None
    assert [key for key, _ in newest.since(0)] == ["b", "c"]
    newest.drop("b")
    newest.drop("b")
    assert len(newest) == 1

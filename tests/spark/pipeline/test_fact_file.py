from pathlib import Path

import pytest
from suhu_jobs.errors import StorageError
from suhu_jobs.pipeline.fact_file import FactFile


def test_facts_outlive_the_object_and_stand_beside_each_other(tmp_path: Path) -> None:
    FactFile(tmp_path / "a" / "facts.json").put_facts({"topic": "sensor-suhu", "id": "1"})
    FactFile(tmp_path / "a" / "facts.json").put_facts({"id": "2"})
    assert FactFile(tmp_path / "a" / "facts.json").facts() == {"topic": "sensor-suhu", "id": "2"}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"7"])
def test_a_file_that_cannot_be_read_holds_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "facts.json").write_bytes(content)
    assert FactFile(tmp_path / "facts.json").facts() == {}


def test_a_place_that_cannot_be_written_is_told_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file")
    with pytest.raises(StorageError, match=r"cannot write .*/a/facts.json \(.*\): make room, or make the folder"):
        FactFile(tmp_path / "a" / "facts.json").put_facts({"id": "1"})

from pathlib import Path

from suhu_jobs.class_cache import ClassCache


def test_a_missing_file_is_not_asked_for(tmp_path: Path) -> None:
    cache = ClassCache(tmp_path / "c.jsa", recording=False)
    assert not cache.in_use
    assert cache.java_options() == []


def test_a_file_that_is_there_is_used(tmp_path: Path) -> None:
    (tmp_path / "c.jsa").touch()
    cache = ClassCache(tmp_path / "c.jsa", recording=False)
    assert cache.in_use
    assert cache.java_options() == [f'-XX:SharedArchiveFile="{tmp_path}/c.jsa"']


def test_a_recording_takes_the_place_of_the_old_file_when_it_is_complete(tmp_path: Path) -> None:
    cache = ClassCache(tmp_path / "new folder" / "c.jsa", recording=True)
    assert cache.java_options() == [f'-XX:ArchiveClassesAtExit="{tmp_path}/new folder/c.new"']
    cache.file.write_text("old")
    cache.keep()
    assert cache.file.read_text() == "old"
    cache.file.with_suffix(".new").write_text("new")
    assert not cache.in_use
    cache.keep()
    assert cache.file.read_text() == "new"


def test_a_bad_file_is_moved_out_of_the_way(tmp_path: Path) -> None:
    (tmp_path / "c.jsa").write_text("bad")
    cache = ClassCache(tmp_path / "c.jsa", recording=False)
    cache.discard()
    assert not cache.in_use
    assert (tmp_path / "c.bad").read_text() == "bad"

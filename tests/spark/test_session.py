from pathlib import Path

import pytest
from suhu_jobs.class_cache import ClassCache
from suhu_jobs.connector import Connector
from suhu_jobs.session import driver_conf, is_local


def test_a_local_driver_is_small_and_starts_fast(tmp_path: Path) -> None:
    conf = driver_conf(None, Connector((Path("/j/a.jar"),)), ClassCache(tmp_path / "c.jsa", recording=True))
    assert conf["spark.driver.memory"] == "512m"
    assert conf["spark.driver.extraClassPath"] == "/j/a.jar"
    assert "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC" in conf["spark.driver.extraJavaOptions"]
    assert conf["spark.driver.extraJavaOptions"].endswith(f' -XX:ArchiveClassesAtExit="{tmp_path}/c.new"')


@pytest.mark.parametrize(
    ("master", "local"),
    [(None, True), ("local[4]", True), ("local", True), ("spark://h:7077", False), ("yarn", False), ("k8s://h", False)],
)
def test_local_masters_are_known(master: str | None, local: bool) -> None:
    assert is_local(master) is local

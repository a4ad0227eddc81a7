from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.class_cache import ClassCache
from suhu_jobs.connector import find_connector
from suhu_jobs.jvm import EXIT_TIMEOUT_S, Jvm, start_jvm
from suhu_jobs.session import driver_conf, start_session
from suhu_jobs.settings import AlertSettings, parse_settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> AlertSettings:
    return parse_settings(["--checkpoint", str(tmp_path_factory.mktemp("checkpoint"))])


@pytest.fixture(scope="session")
def jvm(settings: AlertSettings) -> Iterator[Jvm]:
    machine = start_jvm(driver_conf(None, find_connector(None), ClassCache(settings.class_cache, recording=False)))
    yield machine
    machine.close(EXIT_TIMEOUT_S)


@pytest.fixture(scope="session")
def spark(jvm: Jvm, settings: AlertSettings) -> Iterator[SparkSession]:
    session = start_session(jvm, settings, partitions=1)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def golden() -> Path:
    return Path(__file__).resolve().parents[2] / "contracts" / "golden"

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.class_cache import ClassCache
from suhu_jobs.connector import find_connector
from suhu_jobs.jvm import EXIT_TIMEOUT_S, Jvm, start_jvm
from suhu_jobs.session import driver_conf, start_session
from suhu_jobs.settings import AlertSettings, parse_settings

from sandbox.kafka import Kafka
from tests.spark.alert_process import AlertProcess, record_class_cache


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
def class_cache(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every start of the job takes half the time with the recorded classes."""
    AlertProcess.class_cache = record_class_cache(kafka, tmp_path_factory.mktemp("recording"))
    assert AlertProcess.class_cache.stat().st_size > 10_000_000


@pytest.fixture(scope="session")
def golden() -> Path:
    return Path(__file__).resolve().parents[2] / "contracts" / "golden"

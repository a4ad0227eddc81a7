import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.pipeline.per_sensor import STATE_STORE_CONF
from suhu_jobs.pipeline.shipping import ship_package
from suhu_jobs.settings import PROJECT


@pytest.fixture(scope="session")
def shipped(spark: SparkSession) -> SparkSession:
    """The session with our package on its Python workers."""
    spark.sparkContext.pythonExec = sys.executable
    ship_package(spark)
    return spark


@pytest.fixture
def stateful(shipped: SparkSession) -> Iterator[SparkSession]:
    """The session as a query with state needs it."""
    for name, value in STATE_STORE_CONF.items():
        shipped.conf.set(name, value)
    yield shipped
    for name in STATE_STORE_CONF:
        shipped.conf.unset(name)


@pytest.fixture(scope="session")
def contracts() -> Path:
    return PROJECT / "contracts"

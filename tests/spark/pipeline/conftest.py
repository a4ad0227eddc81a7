import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.pipeline import session
from suhu_jobs.pipeline.settings import parse_pipeline_settings
from suhu_jobs.settings import PROJECT


@pytest.fixture
def stateful(spark: SparkSession) -> Iterator[SparkSession]:
    """The session as a query with state needs it: what the pipeline sets when it starts its own."""
    conf = session.conf(parse_pipeline_settings([]))
    spark.sparkContext.pythonExec = sys.executable
    spark.sparkContext.environment["PYTHONPATH"] = conf["spark.executorEnv.PYTHONPATH"]
    stores = {name: value for name, value in conf.items() if name.startswith("spark.sql.streaming.stateStore.")}
    for name, value in stores.items():
        spark.conf.set(name, value)
    yield spark
    for name in stores:
        spark.conf.unset(name)


@pytest.fixture(scope="session")
def contracts() -> Path:
    return PROJECT / "contracts"

import os
import sys

from pyspark.sql import SparkSession

from suhu_jobs.connector import Connector
from suhu_jobs.jvm import Jvm
from suhu_jobs.pipeline.settings import PipelineSettings
from suhu_jobs.pipeline.shipping import ship_package
from suhu_jobs.places import IMPORTED_FROM
from suhu_jobs.session import QUIET_JAVA, is_local, jvm_conf, open_session

DRIVER_MEMORY = "1g"
FEWEST_SLOTS = 2  # a batch that waits for Kafka must not hold up every other query


def driver_conf(settings: PipelineSettings, connector: Connector) -> dict[str, str]:
    """Settings that the pipeline's JVM must be started with; under spark-submit they are the caller's."""
    return jvm_conf(settings.master, connector, DRIVER_MEMORY, QUIET_JAVA)


def start_pipeline_session(jvm: Jvm, settings: PipelineSettings) -> SparkSession:
    """Start Spark in the JVM, with Python workers that are this Python and find this package.

    Raises:
        Unavailable: the master does not answer, or refuses.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else the first python3 on the PATH, without pyspark
    slots = max(FEWEST_SLOTS, os.cpu_count() or 1)
    spark = open_session(jvm, "suhu-pipeline", settings.master, slots, settings.checkpoint, conf(settings))
    if not is_local(spark.sparkContext.master):
        ship_package(spark)
    return spark


def conf(settings: PipelineSettings) -> dict[str, str]:
    """What the session of a pipeline has besides what every job's has."""
    return {
        "spark.executorEnv.PYTHONPATH": str(IMPORTED_FROM),
        "spark.sql.debug.maxToStringFields": "200",  # else Spark tells that it has shortened a plan nobody reads
        "spark.sql.shuffle.partitions": str(settings.state_partitions),
        "spark.sql.streaming.stateStore.providerClass": (
            "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
        ),
        # A batch uploads what it changed, not its whole state; snapshots are taken beside it.
        "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
        "spark.sql.streaming.stateStore.maintenanceInterval": "30s",
        "spark.sql.streaming.minBatchesToRetain": "20",
    }

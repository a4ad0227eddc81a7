import zipfile
from pathlib import Path

from pyspark.sql import SparkSession

import suhu_jobs


def ship_package(spark: SparkSession) -> None:
    """Give Spark's Python workers this package: they are processes of their own, and on a cluster elsewhere."""
    package = Path(suhu_jobs.__file__).parent
    # The worker beside the driver, which asks a fold for its state's schema, is not given what was added.
    spark.sparkContext.environment["PYTHONPATH"] = str(package.parent)
    # Executors fetch it when they first need it, so it lives as long as the session does.
    archive = Path(spark.sparkContext._temp_dir) / f"{package.name}.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(package.rglob("*.py")):
            packed.write(file, file.relative_to(package.parent))
    spark.sparkContext.addPyFile(str(archive))

import zipfile
from pathlib import Path

from pyspark.sql import SparkSession

import suhu_jobs


def ship_package(spark: SparkSession) -> None:
    """Give the Python workers on other machines this package."""
    package = Path(suhu_jobs.__file__).parent
    # Executors fetch it when they first need it, so it lives as long as the session does.
    archive = Path(spark.sparkContext._temp_dir) / f"{package.name}.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(package.rglob("*.py")):
            packed.write(file, file.relative_to(package.parent))
    spark.sparkContext.addPyFile(str(archive))

from dataclasses import dataclass
from pathlib import Path

from suhu_jobs.errors import ConfigError
from suhu_jobs.places import FETCHED_JARS

PACKAGE = "org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0"
PROVIDER_CLASS = "org.apache.spark.sql.kafka010.KafkaSourceProvider"


@dataclass(frozen=True, slots=True)
class Connector:
    """Where Spark's Kafka connector comes from when spark-submit was not asked to bring it."""

    jars: tuple[Path, ...]  # empty: Spark downloads PACKAGE

    def conf(self, *, local: bool) -> dict[str, str]:
        """Spark settings that put the connector on the class path of the driver, and of executors elsewhere."""
        if not self.jars:
            return {"spark.jars.packages": PACKAGE}
        paths = [str(jar) for jar in self.jars]
        if local:
            return {"spark.driver.extraClassPath": ":".join(paths)}  # nothing is copied: half a second less
        return {"spark.driver.extraClassPath": ":".join(paths), "spark.jars": ",".join(paths)}

    def __str__(self) -> str:
        return str(self.jars[0].parent) if self.jars else f"download of {PACKAGE}"


def find_connector(asked_for: str | None, fetched: Path = FETCHED_JARS) -> Connector:
    """Take the jars that `--jars` names (a directory or a comma-separated list), else the fetched ones, else download.

    Raises:
        ConfigError: `--jars` names something that is not there.
    """
    if asked_for is None:
        return Connector(tuple(sorted(fetched.glob("*.jar"))))
    place = Path(asked_for)
    jars = sorted(place.glob("*.jar")) if place.is_dir() else [Path(jar) for jar in asked_for.split(",")]
    missing = [str(jar) for jar in jars if not jar.is_file()]
    if missing or not jars:
        absent = ", ".join(missing) or place
        raise ConfigError(f"--jars: there is no jar at {absent}; without the option Spark fetches what it needs")
    return Connector(tuple(jar.resolve() for jar in jars))

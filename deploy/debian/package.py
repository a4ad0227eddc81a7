from dataclasses import dataclass
from pathlib import Path

from sandbox.fetched import PROJECT

FILES = Path(__file__).parent / "files"
SERVICE_FILES = PROJECT / "gateway" / "files"


@dataclass(frozen=True, slots=True)
class Package:
    """One Debian package: a folder of Python packages of its own, commands, a unit, and files beside them."""

    name: str  # also of its unit, and of its folder below /usr/lib
    summary: str
    description: str  # lines of up to 79 characters
    lock: Path  # what goes into its folder, with hashes
    commands: dict[str, str]  # below /usr/bin: name -> module:function
    depends: tuple[str, ...] = ()  # besides Python and systemd
    recommends: tuple[str, ...] = ()
    files: tuple[tuple[str, Path], ...] = ()  # where they go -> what they are; a folder's files go below
    compression: str = "xz"  # as dpkg-deb knows it
    settings: tuple[tuple[str, Path], ...] = ()  # likewise below /etc: dpkg keeps what an operator changes

    @property
    def folder(self) -> str:
        """Where its Python packages lie: not in /opt, where people make environments of their own."""
        return f"/usr/lib/{self.name}"

    @property
    def unit(self) -> Path:
        """Its unit, as it is in the wheel."""
        return SERVICE_FILES / f"{self.name}.service"


GATEWAY = Package(
    name="suhu-gateway",
    summary="machine temperatures from serial devices and MQTT to Kafka",
    description=(
        "Reads temperatures from serial devices, Modbus, MQTT brokers, files and HTTP,\n"
        "keeps them in a journal on disk and forwards them to Kafka without losing one.\n"
        "The service is not started before it is configured."
    ),
    lock=PROJECT / "requirements-deb.txt",
    commands={"gateway": "gateway.cli:main"},
    recommends=("udev",),
    files=(
        ("/usr/lib/udev/rules.d/70-suhu-gateway.rules", SERVICE_FILES / "70-suhu-gateway.rules"),
        ("/usr/lib/sysusers.d/suhu-gateway.conf", SERVICE_FILES / "suhu-gateway.sysusers"),
        ("/usr/share/doc/suhu-gateway/README.md", PROJECT / "README.md"),
        ("/usr/share/doc/suhu-gateway/README.id.md", PROJECT / "README.id.md"),
        ("/usr/share/doc/suhu-gateway/docs", PROJECT / "docs"),
    ),
    settings=(("/etc/suhu-gateway/gateway.toml", FILES / "gateway.toml"),),
)

DASHBOARD = Package(
    name="suhu-dashboard",
    summary="live page of machine temperatures, fed by Kafka",
    description=(
        "Shows what Suhu Gateway sends to Kafka in a browser: a tile per machine,\n"
        "warnings, and the history that the Spark pipeline keeps. It listens on this\n"
        "machine alone unless it is given a token and a certificate."
    ),
    lock=PROJECT / "requirements-dashboard.txt",
    commands={"suhu-dashboard": "dashboard.cli:main"},
    settings=(("/etc/default/suhu-dashboard", FILES / "suhu-dashboard.default"),),
)

ALERTS = Package(
    name="suhu-alerts",
    summary="warnings of hot machines, by Spark",
    description=(
        "Follows the readings of Suhu Gateway in Kafka with Apache Spark, which it\n"
        "brings, and writes one line for each that is above 80 degrees Celsius into\n"
        "the system's log."
    ),
    lock=PROJECT / "requirements-spark.txt",
    commands={
        "suhu-alerts": "suhu_jobs.scripts:alerts",
        "suhu-pipeline": "suhu_jobs.scripts:pipeline",
        "suhu-report": "suhu_jobs.scripts:report",
    },
    depends=("default-jre-headless (>= 2:1.17) | java17-runtime-headless",),
    recommends=("libnss-systemd",),
    compression="gzip",  # half of it are jars, which nothing makes smaller
    files=(("/usr/lib/suhu-alerts/jars", PROJECT / ".fetched" / "lib" / "spark"),),
    settings=(("/etc/default/suhu-alerts", FILES / "suhu-alerts.default"),),
)

PACKAGES = {one.name: one for one in (GATEWAY, DASHBOARD, ALERTS)}

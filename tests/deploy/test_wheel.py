"""The wheel in an empty environment: no checkout, no Spark and no Java in sight."""

import email.message
import email.parser
import re
import signal
import subprocess
import zipfile
from pathlib import Path

import pytest

from gateway import __version__
from sandbox.fetched import PROJECT
from sandbox.waiting import wait_until
from tests.deploy.environment import empty, pip

pytestmark = pytest.mark.system

PATIENCE_S = 30.0
# Caches, and what only who translates needs.
NOT_SHIPPED = {"__pycache__", "babel.cfg", "messages.pot"}
TRIED = """
try:
    import pyspark
except ModuleNotFoundError as exc:
    print(exc)
"""
CONFIGURATION = '[journal]\npath = "{folder}/journal.db"\n[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\n'


def run(*argv: str | Path, folder: Path, code: int = 0) -> str:
    """Run a program to its end, with nothing of this machine on its path but the environment it lies in."""
    environment = {"PATH": str(Path(argv[0]).parent), "HOME": str(folder), "LANG": "C.UTF-8"}
    ended = subprocess.run(
        list(map(str, argv)), capture_output=True, text=True, timeout=120, check=False, env=environment, cwd=folder
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel and the locked packages; the index is not asked for more."""
    environment = empty(tmp_path_factory.mktemp("installed") / "venv")
    pip(environment, "--require-hashes", "-r", PROJECT / "requirements.txt")
    pip(environment, "--no-index", wheel)
    return environment / "bin"


def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (one for one in packed.namelist() if one.endswith(".dist-info/METADATA"))
        return email.parser.Parser().parsestr(packed.read(name).decode())


def test_every_file_of_the_packages_is_in_it_and_no_other(wheel: Path) -> None:
    expected = set()
    for folder, packages in ((PROJECT, ("gateway", "dashboard")), (PROJECT / "spark", ("suhu_jobs",))):
        for package in packages:
            found = (folder / package).rglob("*")
            files = (one for one in found if one.is_file() and not NOT_SHIPPED & {*one.parts})
            expected |= {str(one.relative_to(folder)) for one in files}
    with zipfile.ZipFile(wheel) as packed:
        names = {one for one in packed.namelist() if ".dist-info/" not in one}
    assert {"gateway/files/suhu-alerts.service", "suhu_jobs/log4j2.properties"} <= names
    assert names == expected


def test_its_metadata_are_whole(wheel: Path) -> None:
    about = metadata(wheel)
    assert (about["Name"], about["Version"], about["Requires-Python"]) == ("suhu-gateway", __version__, ">=3.11")
    assert set(about.get_all("Provides-Extra", [])) == {"fast", "modbus", "sparkplug", "dashboard", "spark"}
    assert about["Description-Content-Type"] == "text/markdown"
    assert str(about.get_payload()).startswith("# Suhu Gateway\n")
    assert about["Summary"]
    assert "Operating System :: POSIX :: Linux" in about.get_all("Classifier", [])


def test_the_core_asks_for_nothing_of_spark_or_the_dashboard(wheel: Path) -> None:
    needed = [one for one in metadata(wheel).get_all("Requires-Dist", []) if "extra ==" not in one]
    names = {re.split(r"[^a-z0-9-]", one)[0] for one in needed}
    assert "kafka-python-ng" in names
    assert not names & {"pyspark", "pandas", "pyarrow", "starlette", "uvicorn", "duckdb", "pymodbus", "confluent-kafka"}


def test_the_gateway_runs_without_java_and_without_spark(installed: Path, tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(CONFIGURATION.format(folder=tmp_path))
    gateway = installed / "gateway"
    assert run(gateway, "--version", folder=tmp_path) == f"gateway, version {__version__}\n"
    run(gateway, "check", "--config", config, folder=tmp_path)
    assert "No module named 'pyspark'" in run(installed / "python", "-c", TRIED, folder=tmp_path)
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [gateway, "run", "--simulate", "--config", config], stderr=log, env={"PATH": str(installed)}, cwd=tmp_path
        )
    try:
        said = (tmp_path / "log").read_text
        wait_until(lambda: "event=source_up" in said() and "event=kafka_down" in said(), PATIENCE_S, "it works")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_S) == 0
    assert "event=stopped" in said()


def test_a_first_configuration_and_the_service_come_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    gateway = installed / "gateway"
    run(gateway, "init", "--simulate", "--id", "pabrik-1", folder=tmp_path)
    run(gateway, "check", "--config", "gateway.toml", folder=tmp_path)
    shown = run(
        gateway,
        *("install-service", "--dry-run", "--config", "gateway.toml", "--program", "/usr/bin/env"),
        folder=tmp_path,
    )
    assert "| ExecStart=/usr/bin/env run --config /etc/suhu-gateway/gateway.toml" in shown
    assert 'ENV{ID_MM_PORT_IGNORE}="1"' in shown
    assert "| g suhu - -" in shown


@pytest.mark.parametrize(
    ("command", "options", "extra"),
    [
        ("suhu-alerts", ["--bootstrap-servers", "127.0.0.1:1"], "spark"),
        ("suhu-pipeline", ["--bootstrap-servers", "127.0.0.1:1"], "spark"),
        ("suhu-report", ["--day", "2026-11-22"], "spark"),
        ("suhu-dashboard", [], "dashboard"),
    ],
)
def test_a_command_without_its_extra_names_it(
    installed: Path, tmp_path: Path, command: str, options: list[str], extra: str
) -> None:
    said = run(installed / command, *options, folder=tmp_path, code=69)
    assert said.startswith(f"{command}: ")
    assert f"suhu-gateway[{extra}]" in said

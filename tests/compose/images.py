"""The images of the stack, where there is no registry: our own as they are, others by stand-ins under their names."""

import os
import shutil
from pathlib import Path

from sandbox.fetch import ivy_command
from sandbox.fetched import PROJECT, jars
from tests.compose.engine import Engine, run

BASE = "python:3.11-slim-bookworm"
STANDINS = PROJECT / "tests" / "compose" / "standins"
NAMES = {"kafka": "apache/kafka:4.3.1", "mosquitto": "eclipse-mosquitto:2.0", "prometheus": "prom/prometheus:v3.5.0"}
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
AUTHORITIES = Path("/usr/local/share/ca-certificates")
BUILD_TIMEOUT_S = 900.0


def make_images(engine: Engine, folder: Path) -> None:
    """Make every image that the stack names, but those that are there and have not changed.

    Raises:
        SandboxError: a step failed; with its last words.
    """
    if not engine.docker("images", "--quiet", BASE).stdout.strip():
        _make_base(engine, folder)
    for name, image in NAMES.items():
        context = folder / name
        shutil.copytree(STANDINS, context)
        if name == "kafka":
            _put_jars(context / "libs", folder)
            shutil.copy(PROJECT / "sandbox" / "log4j2.properties", context)
        _docker_build(engine, image, context / f"{name}.Dockerfile")


def _make_base(engine: Engine, folder: Path) -> None:
    """Of this machine's packages, with the authorities and the pip settings by which it reaches its registries."""
    hooks = ['ln -s python3 "$1/usr/bin/python"']
    if any(AUTHORITIES.glob("*.crt")):
        hooks += [f'cp {AUTHORITIES}/*.crt "$1{AUTHORITIES}"', 'chroot "$1" update-ca-certificates']
    if Path("/etc/pip.conf").exists():
        hooks += ['cp /etc/pip.conf "$1/etc/"']
    archive = folder / "base.tar"
    run(
        [
            *("mmdebstrap", "--quiet", "--variant=minbase", "--include=python3,python3-venv,ca-certificates"),
            *("--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*"),
            *(f"--customize-hook={hook}" for hook in hooks),
            *("bookworm", str(archive), str(SOURCES)),
        ],
        os.environ,
        timeout_s=BUILD_TIMEOUT_S,
    )
    engine.docker("import", str(archive), BASE)
    archive.unlink()


def _put_jars(libs: Path, folder: Path) -> None:
    """The locked jars of the sandbox's broker, and Kafka's command line tools."""
    libs.mkdir()
    run(ivy_command(folder, STANDINS / "ivy.xml"), os.environ)
    for jar in [*jars("broker"), *(folder / "lib" / "tools").glob("*.jar")]:
        shutil.copy(jar, libs)


def _docker_build(engine: Engine, image: str, dockerfile: Path) -> None:
    words = ["docker", "build", "--network=host", f"--tag={image}", f"--file={dockerfile}", str(dockerfile.parent)]
    run(words, engine.environment, timeout_s=BUILD_TIMEOUT_S)

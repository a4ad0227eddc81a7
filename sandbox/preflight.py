#!/usr/bin/env python3
"""Everything this machine must have, asked for before anything is fetched or started.

Runs under any Python from 3.6 on, because it is the part that says that a Python is too old:
no newer syntax, nothing imported but the standard library, type hints as strings.
One sentence for each thing that is missing, all of them at once; exit code 69 (unavailable).
"""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
EX_UNAVAILABLE = 69
PYTHON_MINIMUM = (3, 11)
JAVA_MINIMUM = 17  # of Spark 4 and of Kafka 4's broker
COLD_BYTES = 3 * 10**9  # .venv, pip's cache, room to unpack pyspark, jars
WARM_BYTES = 10**9  # Kafka's segments, Spark's checkpoints and scratch files
# A free one is chosen where it is unset.
DEMO_PORTS = {"SUHU_KAFKA_PORT": "Kafka", "SUHU_MQTT_PORT": "mosquitto", "SUHU_DASHBOARD_PORT": "the dashboard"}
SBIN = os.pathsep.join(["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"])  # not in every user's PATH
TCP_LISTEN = "0A"  # in /proc/net/tcp


def find_java(environ: "dict[str, str]") -> "str | None":
    """Find the Java that Spark would take: that of JAVA_HOME, else the first on the PATH."""
    if environ.get("JAVA_HOME"):
        java = Path(environ["JAVA_HOME"]) / "bin" / "java"
        return str(java) if os.access(str(java), os.X_OK) else None
    return shutil.which("java", path=environ.get("PATH", ""))


def find_mosquitto(environ: "dict[str, str]") -> "str | None":
    """Find the mosquitto broker, also where only root's PATH leads."""
    return shutil.which("mosquitto", path=os.pathsep.join([environ.get("PATH", ""), SBIN]))


def python_problems(version: "tuple[int, ...]", environ: "dict[str, str]") -> "list[str]":
    """Judge the Python that runs this file, and name a better one if it is on the PATH."""
    if version >= PYTHON_MINIMUM:
        return venv_problems(version)
    names = [f"python3.{minor}" for minor in range(20, PYTHON_MINIMUM[1] - 1, -1)]
    on_path = [shutil.which(name, path=environ.get("PATH", "")) for name in names]
    newer = next((python for python in on_path if python and runs([python, "-c", ""])), None)
    remedy = "name one" if newer else "install one and name it"
    return [
        f"Python {dotted(version)} ({sys.executable}) is too old, {dotted(PYTHON_MINIMUM)} or newer is needed: "
        f"{remedy}, as in `make setup PYTHON={newer or '/path/to/python3.12'}`."
    ]


def venv_problems(version: "tuple[int, ...]") -> "list[str]":
    """Check for the two modules of the standard library that Debian ships apart."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        return [
            f"This Python ({sys.executable}) cannot make virtual environments, its module {error.name} is missing: "
            f"on Debian and Ubuntu run `apt-get install python{dotted(version[:2])}-venv`, "
            "elsewhere name another Python, as in `make setup PYTHON=/path/to/python3.12`."
        ]
    return []


def dotted(version: "tuple[int, ...]") -> str:
    """Write a version as people do."""
    return ".".join(str(part) for part in version)


def java_problems(environ: "dict[str, str]") -> "list[str]":
    """Ask the Java that would be used for its version."""
    remedy = (
        "install one (Debian, Ubuntu: `apt-get install openjdk-17-jre-headless`; Fedora: "
        "`dnf install java-21-openjdk-headless`; macOS: `brew install openjdk@17`) or point JAVA_HOME to one."
    )
    java = find_java(environ)
    if java is None and environ.get("JAVA_HOME"):
        return [f"JAVA_HOME is {environ['JAVA_HOME']}, but there is no bin/java in it: correct it or unset it."]
    if java is None:
        return [f"Java was not found, {JAVA_MINIMUM} or newer is needed by Kafka and Spark: {remedy}"]
    asked = subprocess.Popen([java, "-version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    words = asked.communicate()[0].decode("utf-8", "replace").strip()
    release = java_release(words)
    if asked.returncode != 0 or release is None:
        return [f"{java} does not tell its version, it says {words[:200]!r}: {remedy}"]
    if release < JAVA_MINIMUM:
        return [f"Java {release} ({java}) is too old, {JAVA_MINIMUM} or newer is needed by Kafka and Spark: {remedy}"]
    return []


def java_release(words: str) -> "int | None":
    """Read the feature release from `java -version`: 8 of "1.8.0_402", 17 of "17.0.15", 21 of "21-ea"."""
    found = re.search(r'version "(?:1\.)?(\d+)', words)
    return int(found.group(1)) if found else None


def disk_problems(folder: Path, needed_bytes: int) -> "list[str]":
    """Check that the project folder can be written to and has room."""
    if not os.access(str(folder), os.W_OK):
        return [f"The folder {folder} cannot be written to by this user: change its owner, or copy the project."]
    free_bytes = shutil.disk_usage(str(folder)).free
    if free_bytes < needed_bytes:
        return [
            f"The disk of {folder} is nearly full, {free_bytes / 1e9:.2f} GB are free and {needed_bytes / 1e9:.0f} GB "
            "are needed: free some, or copy the project to a larger disk."
        ]
    return []


def mosquitto_problems(environ: "dict[str, str]", is_root: bool) -> "list[str]":
    """Check that mosquitto is here, or that `make setup` may install it."""
    if find_mosquitto(environ) or (is_root and shutil.which("apt-get", path=environ.get("PATH", ""))):
        return []
    return [
        "mosquitto (the MQTT broker) is not installed: install it (Debian, Ubuntu: `sudo apt-get install mosquitto`; "
        "Fedora: `sudo dnf install mosquitto`; macOS: `brew install mosquitto`)."
    ]


def registry_problems(environ: "dict[str, str]") -> "list[str]":
    """Look for the largest package the way pip will: with its proxies, certificates and mirrors."""
    if runs([sys.executable, "-m", "pip", "--version"]):
        ask = [sys.executable, "-m", "pip", "--retries=0", "--timeout=10", "index", "versions", "pyspark"]
        asked = subprocess.Popen(ask, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ)
        if b"No matching distribution" in asked.communicate()[0]:
            return [
                "The Python package registry does not answer, and not everything has been fetched yet: check the "
                "network connection (behind a proxy, set https_proxy; with a mirror, PIP_INDEX_URL), then try again."
            ]
    return []


def runs(command: "list[str]") -> bool:
    """Tell whether a command succeeds, without a word on the terminal."""
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def port_problems(environ: "dict[str, str]") -> "list[str]":
    """Check the ports that the user has fixed for the demo."""
    found = []
    for variable, part in DEMO_PORTS.items():
        text = environ.get(variable, "")
        if not text:
            continue
        if not (text.isdigit() and 0 < int(text) < 65536):
            found.append(f"{variable} is {text!r}, which is no port number: set it to one of 1 to 65535, or unset it.")
        elif not is_free(int(text)):
            found.append(
                f"Port {text}, which {variable} asks for, is taken by {holder_of(int(text))}: stop that program, "
                f"choose another port, or unset {variable} and {part} gets a free one."
            )
    return found


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port in TIME_WAIT is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def holder_of(port: int) -> str:
    """Name the process that listens on a port, as far as this user may see it (Linux)."""
    inodes = set()
    for table in Path("/proc/net").glob("tcp*"):
        for row in table.read_text().splitlines()[1:]:
            field = row.split()
            if field[3] == TCP_LISTEN and int(field[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{field[9]}]")
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(str(descriptor)) in inodes:  # noqa: PTH115 - Path.readlink came with 3.9
                process = descriptor.parent.parent
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:  # ended meanwhile, or another user's
            continue
    return "another program"


def problems(environ: "dict[str, str]", for_demo: bool) -> "list[str]":
    """Collect a sentence for each thing that is missing; the slow question only when something must be fetched."""
    is_cold = not (PROJECT / ".venv" / "lock").exists() or not (PROJECT / ".fetched" / "stamp").exists()
    found = python_problems(sys.version_info[:3], environ)
    found += java_problems(environ)
    found += disk_problems(PROJECT, COLD_BYTES if is_cold else WARM_BYTES)
    found += mosquitto_problems(environ, is_root=os.geteuid() == 0)
    if for_demo:
        found += port_problems(environ)
    if is_cold:
        found += registry_problems(environ)
    return found


def main() -> int:
    """Print what is missing, and return the exit code."""
    parser = argparse.ArgumentParser(description="Check that this machine has what the sandbox needs.")
    parser.add_argument("--demo", action="store_true", help="check the ports that the demo is told to use, too")
    found = problems(dict(os.environ), parser.parse_args().demo)
    for sentence in found:
        print(f"preflight: {sentence}", file=sys.stderr)
    return EX_UNAVAILABLE if found else 0


if __name__ == "__main__":
    sys.exit(main())

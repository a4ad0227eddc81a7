"""Fetch what is not Python: `python -m sandbox.fetch` (by `make setup`); what is there already is left alone."""

import argparse
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from sandbox import apt, jars
from sandbox.errors import SandboxError
from sandbox.fetched import FETCHED, java, pyspark_home
from sandbox.setup_step import run_step
from sandbox.transcript import follow

IVY_XML = Path(__file__).parent / "ivy.xml"
_DOWNLOADING = re.compile(r"^downloading \S*/(\S+) \.\.\.$")
_FOUND = re.compile(r"^\tfound \S+#(\S+);(\S+) in ")


def fetch_jars(folder: Path = FETCHED, lock: Path = jars.LOCK) -> None:
    """Bring the jars of ivy.xml to `folder`/lib and check every byte against the lock.

    The stamp is written last: a run that was cut short is simply done again, from Ivy's cache as far as that goes.

    Raises:
        SandboxError: no network, a full disk, or a jar that is not the locked one.
    """
    expected = jars.read_lock(lock)
    stamp, recipe = folder / "stamp", _recipe(lock)
    if stamp.exists() and stamp.read_text() == recipe and not jars.missing(folder / "lib", expected):
        return
    stamp.unlink(missing_ok=True)
    retrieve(folder, len(expected))
    verify(folder, expected)
    stamp.write_text(recipe)


def verify(folder: Path, expected: Mapping[str, str]) -> None:
    """Compare the retrieved jars with the lock; on a difference delete them and Ivy's cache, so that a retry is clean.

    Raises:
        SandboxError: names each jar that differs.
    """
    differences = jars.problems(folder / "lib", expected)
    if differences:
        shutil.rmtree(folder / "lib", ignore_errors=True)
        shutil.rmtree(folder / "ivy", ignore_errors=True)
        raise SandboxError(
            f"The fetched jars are not those of {jars.LOCK.name}: {'; '.join(differences)}. They have been deleted: "
            "run the same command again; should it say so again, the registry (or a mirror) serves other files. "
            "After a change of ivy.xml run `make lock` instead."
        )


def retrieve(folder: Path, total: int) -> None:
    """Let Ivy resolve and download, and show how far it is: one line a jar."""
    cache = folder / "ivy"
    done = len([*cache.rglob("jars/*.jar"), *cache.rglob("bundles/*.jar")])
    resolved = 0
    for line in follow(ivy_command(folder), folder / "ivy.log", "Fetching the jars of Kafka and Spark's connector"):
        if _FOUND.match(line):
            resolved += 1
            if resolved % 10 == 0:
                print(f"jars: {resolved} of {total} resolved", flush=True)
        elif jar := _DOWNLOADING.match(line):
            done += 1
            print(f"[{done}/{total}] {jar[1]}", flush=True)


def ivy_command(folder: Path, ivy_xml: Path = IVY_XML) -> list[str]:
    """The command that brings the jars of an ivy.xml to `folder`/lib/<configuration>."""
    ivy = next(pyspark_home().glob("jars/ivy-*.jar"))
    return [
        java(),
        "-Dsun.net.client.defaultConnectTimeout=20000",  # Java would wait for a silent server for ever
        "-Dsun.net.client.defaultReadTimeout=60000",
        *proxy_options(os.environ),
        f"-Divy.default.ivy.user.dir={folder / 'ivy'}",  # nothing in, and nothing from, the user's home
        *("-jar", str(ivy), "-ivy", str(ivy_xml), "-cache", str(folder / "ivy" / "cache")),
        *("-retrieve", str(folder / "lib" / "[conf]" / "[artifact]-[revision].[ext]"), "-sync"),
        *("-types", "jar", "bundle"),
    ]


def proxy_options(environ: Mapping[str, str]) -> list[str]:
    """Translate https_proxy, which pip and curl obey, for Java, which does not."""
    proxy = urlsplit(environ.get("https_proxy") or environ.get("HTTPS_PROXY") or "")
    if not proxy.hostname:
        return []
    return [f"-Dhttps.proxyHost={proxy.hostname}", f"-Dhttps.proxyPort={proxy.port or 8080}"]


def _recipe(lock: Path) -> str:
    return hashlib.sha256(IVY_XML.read_bytes() + lock.read_bytes()).hexdigest()


def main() -> int:
    """Fetch the jars and mosquitto; with --write-lock rewrite jars.sha256 instead of checking against it."""
    parser = argparse.ArgumentParser(description="Fetch Kafka, Spark's connector and mosquitto.")
    parser.add_argument("--write-lock", action="store_true", help="take what the registry serves as the new lock")
    parser.add_argument("--for-tests", action="store_true", help="install what only tests need, where that can be done")
    arguments = parser.parse_args()
    step = _write_lock if arguments.write_lock else _fetch_for_tests if arguments.for_tests else _fetch
    return run_step(step)


def _fetch() -> None:
    fetch_jars()
    apt.install_mosquitto(FETCHED / "apt.log")


def _fetch_for_tests() -> None:
    apt.install_systemd_container(FETCHED / "apt-tests.log")
    apt.install_prometheus(FETCHED / "apt-prometheus.log")
    apt.install_chromium(FETCHED / "apt-chromium.log")


def _write_lock() -> None:
    retrieve(FETCHED, len(jars.read_lock()))
    print(f"{jars.LOCK.name}: {jars.write_lock(FETCHED / 'lib')} jars")
    fetch_jars()


if __name__ == "__main__":
    sys.exit(main())

"""The Java half of the driver: started by us (`python alerts.py`) or there already (`spark-submit alerts.py`)."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError, Py4JNetworkError  # type: ignore[import-untyped]  # ships no types
from pyspark import SparkConf
from pyspark.errors import PySparkRuntimeError
from pyspark.java_gateway import ensure_callback_server_started, launch_gateway

from suhu_jobs.errors import Unavailable

__all__ = ["JavaError", "Jvm", "cause", "check_java", "is_gone", "start_jvm"]

JavaError = Py4JJavaError  # Java threw

OLDEST_JAVA = 17
LOG_SETTINGS = Path(__file__).parent / "log4j2.properties"
EXIT_TIMEOUT_S = 5.0


class Jvm:
    """A running JVM with Spark on its class path, and what the job asks of it besides Spark."""

    def __init__(self, gateway: Any, *, submitted: bool) -> None:
        self.gateway = gateway
        self.submitted = submitted  # the JVM is our parent: spark-submit started us
        self._stdout = gateway.jvm.System.out
        self.java = gateway.jvm  # packages and classes by name: `jvm.java.java.util.HashMap()`

    def write_stderr(self, line: str) -> None:
        """Write to the JVM's standard error: spark-submit merges ours into standard output, where the warnings are."""
        self.java.System.err.println(line)

    def write_stdout(self, text: bytes) -> None:
        """Write to the JVM's standard output, and return when it is out.

        spark-submit copies our standard output to its own in a thread: a line that we had written would be lost if
        both were killed, and it would never be told that nobody reads it.

        Raises:
            OSError: it was not taken; Java does not tell why.
        """
        try:
            self._stdout.writeBytes(text)
            failed = self._stdout.checkError()
        except ConnectionError as exc:
            raise Py4JNetworkError("the JVM is gone") from exc
        if failed:
            raise OSError("spark-submit's standard output is closed, or the disk under it is full")

    def stdout_is_terminal(self) -> bool:
        """Tell whether the JVM's standard output, which is where spark-submit copies ours, is a terminal."""
        console = self.java.System.console()
        if console is None:
            return False
        # From Java 22 there always is a console, and it can be asked.
        return not hasattr(console, "isTerminal") or bool(console.isTerminal())

    def configure_logging(self) -> None:
        """Put our log settings in force in a JVM that was started with others."""
        configurator = self.java.org.apache.logging.log4j.core.config.Configurator
        configurator.reconfigure(self.java.java.net.URI(LOG_SETTINGS.as_uri()))

    def silence(self) -> None:
        """Log nothing any more: what Spark says while it is shut down tells nobody anything."""
        levels = self.java.org.apache.logging.log4j.Level
        configurator = self.java.org.apache.logging.log4j.core.config.Configurator
        configurator.setAllLevels("", levels.OFF)

    def has_class(self, name: str) -> bool:
        """Tell whether a class is on the class path."""
        loader = self.java.java.lang.Thread.currentThread().getContextClassLoader()
        try:
            self.java.java.lang.Class.forName(name, False, loader)
        except JavaError:
            return False
        return True

    def on_signals(self, names: tuple[str, ...], call: Callable[[], object]) -> None:
        """Call `call` in place of the JVM's own end when it gets one of the signals.

        spark-submit's JVM is the process that a service manager stops, and systemd stops every process of a unit:
        either way the JVM must wait for the job, which ends it.
        """
        ensure_callback_server_started(self.gateway)  # type: ignore[no-untyped-call]  # untyped in PySpark
        handler = _SignalHandler(call)
        for name in names:
            self.java.sun.misc.Signal.handle(self.java.sun.misc.Signal(name), handler)

    def close(self, timeout_s: float) -> None:
        """End a JVM that we started and wait for it; one that started us ends after us."""
        process = self.gateway.proc
        if process is None:
            return
        self.gateway.shutdown()
        process.stdin.close()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _SignalHandler:
    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call

    def handle(self, _signal: Any) -> None:
        self._call()

    class Java:
        implements: tuple[str, ...] = ("sun.misc.SignalHandler",)


def start_jvm(conf: Mapping[str, str]) -> Jvm:
    """Start a JVM with these Spark settings, or connect to spark-submit's, for which they come too late.

    Raises:
        Unavailable: it ended before it answered, or Java is missing or too old.
    """
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    if not submitted:
        check_java()
        # The launcher only puts a command together: it needs no compiler for that.
        os.environ.setdefault("SPARK_LAUNCHER_OPTS", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1")
    try:
        spark_conf = SparkConf(loadDefaults=False).setAll(list(conf.items()))
        gateway = launch_gateway(spark_conf)  # type: ignore[no-untyped-call]  # untyped in PySpark
    except PySparkRuntimeError as exc:
        raise Unavailable(
            "Spark's JVM ended while it started; its own words stand above. Without the connector's jars next to the "
            "project (`make setup` fetches them) it has to download them, which needs the network"
        ) from exc
    return Jvm(gateway, submitted=submitted)


def check_java() -> None:
    """See that a Java is there that Spark runs on.

    Raises:
        Unavailable: there is none, or it is too old.
    """
    remedy = f"install Java {OLDEST_JAVA} or newer (Debian, Ubuntu: `apt install openjdk-17-jre-headless`)"
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        place = f"JAVA_HOME is {home}, where there is no bin/java" if home else "there is no `java` on the PATH"
        raise Unavailable(f"Spark needs Java, but {place}: {remedy}" + (", or unset JAVA_HOME" if home else ""))
    version = _java_version(Path(java).resolve())
    if version is not None and version < OLDEST_JAVA:
        raise Unavailable(f"{java} is Java {version}, too old for Spark: {remedy}, and have JAVA_HOME point to it")


def _java_version(java: Path) -> int | None:
    """Read the major version from the installation's `release` file, else ask Java, which takes longer."""
    release = java.parent.parent / "release"
    try:
        text = release.read_text()
    except OSError:
        text = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)', text)
    return int(found[1]) if found else None


def cause(exc: Any) -> str:
    """What a Java exception says at its root, in one line."""
    deepest = exc.java_exception
    while deepest.getCause() is not None:
        deepest = deepest.getCause()
    return " ".join(str(deepest.getMessage() or deepest.toString()).split())


def is_gone(exc: BaseException) -> bool:
    """Tell whether this error means that the JVM is no longer there."""
    return isinstance(exc, Py4JNetworkError | ConnectionError)

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sandbox.fetched import java, pyspark_home
from sandbox.ports import Port
from sandbox.process import Child
from sandbox.startable import Startable
from sandbox.waiting import wait_until

READY_TIMEOUT_S = 60.0
ASK_TIMEOUT_S = 2.0
HOST = "127.0.0.1"
EXECUTOR_MEMORY_MB = 512
# For spark-submit: executors that start fast and are small enough for these workers.
EXECUTOR_ARGUMENTS = (
    *("--executor-memory", f"{EXECUTOR_MEMORY_MB}m"),
    *("--conf", "spark.executor.extraJavaOptions=-XX:+UseSerialGC -XX:TieredStopAtLevel=1"),
)
LOG4J2 = Path(__file__).parent / "log4j2.properties"
JVM_OPTIONS = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]  # starts fast on few cores
# Java's modules are closed to what Spark's RPC does with buffers; its own start scripts open them as well.
JVM_MODULES = ["--add-opens=java.base/java.nio=ALL-UNNAMED", "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED"]
SCALA_VERSION = "2.13"  # of the jars; without it a worker looks for a build of Spark and finds none
WORKER_TIMEOUT_S = 5  # without a heartbeat a worker is dead for the master; it is asked every quarter of that


@dataclass(frozen=True, slots=True)
class WorkerNode:
    """One worker; the executors it starts are its children, and die with it."""

    port: Port
    child: Child

    @property
    def address(self) -> str:
        """By which the master knows it."""
        return f"{HOST}:{self.port.number}"


class SparkCluster(Startable):
    """A standalone Spark cluster on loopback: one master, some workers; ready when `start` returns.

    A worker keeps its port over `kill` and `restart`. Each has `cores` task slots, whatever the machine has.
    """

    def __init__(self, work_dir: Path, workers: int = 2, *, cores: int = 2) -> None:
        self.cores = cores
        self.work_dir = work_dir  # what a job's executor is sent lies in `spark-worker-<index>/<application>/<number>`
        self._port, self._page = Port.reserve(), Port.reserve()
        self._master = _daemon(
            "spark-master",
            work_dir,
            "org.apache.spark.deploy.master.Master",
            ["--host", HOST, "--port", str(self._port.number), "--webui-port", str(self._page.number)],
        )
        self._workers = [self._make_worker(work_dir, index) for index in range(workers)]

    @property
    def url(self) -> str:
        """For `--master`."""
        return f"spark://{HOST}:{self._port.number}"

    def start(self) -> Self:
        """Start whatever does not run, and wait until the master counts every running worker.

        Raises:
            SandboxError: it does not come up; with the last lines of a log.
        """
        if not self._master.alive:
            self._master.start()
            self._master.wait_until(lambda: self._state() is not None, READY_TIMEOUT_S, "the master answers")
        for worker in self._workers:
            if not worker.child.alive:
                worker.child.start()
        for worker in self._workers:
            worker.child.wait_until(
                lambda worker=worker: self._is_alive(worker),  # type: ignore[misc]  # a default is not inferred
                READY_TIMEOUT_S,
                "the master knows it",
            )
        return self

    def kill(self, index: int) -> None:
        """End a worker with its executors as a power cut would; `start` brings it back."""
        self._workers[index].child.kill()

    def wait_until_lost(self, index: int) -> None:
        """Wait until the master has noticed that a worker is gone."""
        wait_until(lambda: not self._is_alive(self._workers[index]), READY_TIMEOUT_S, "the loss of a worker")

    def free_slots(self) -> list[int]:
        """How many cores of each worker no job holds; 0 for a worker that is gone."""
        free = {f"{one['host']}:{one['port']}": int(one["coresfree"]) for one in self._alive()}
        return [free.get(worker.address, 0) for worker in self._workers]

    def close(self) -> None:
        """Stop everything and let others have the ports."""
        for worker in self._workers:
            worker.child.terminate()
        for worker in self._workers:
            worker.child.close()
            worker.port.release()
        self._master.close()
        self._port.release()
        self._page.release()

    def _make_worker(self, work_dir: Path, index: int) -> WorkerNode:
        port = Port.reserve()
        name = f"spark-worker-{index}"
        arguments = ["--host", HOST, "--port", str(port.number), "--webui-port", "0", "--cores", str(self.cores)]
        arguments += ["--memory", f"{2 * EXECUTOR_MEMORY_MB}m", "--work-dir", str(work_dir / name), self.url]
        return WorkerNode(port, _daemon(name, work_dir, "org.apache.spark.deploy.worker.Worker", arguments))

    def _is_alive(self, worker: WorkerNode) -> bool:
        return any(f"{one['host']}:{one['port']}" == worker.address for one in self._alive())

    def _alive(self) -> list[dict[str, Any]]:
        state = self._state()
        return [one for one in state["workers"] if one["state"] == "ALIVE"] if state else []

    def _state(self) -> dict[str, Any] | None:
        """What the master says on its status page; None while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self._page.number}/json/", timeout=ASK_TIMEOUT_S) as answer:
                state: dict[str, Any] = json.load(answer)
        except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError):
            return None  # the last one: for a moment of its start it has a page for people at every address
        return state


def _daemon(name: str, work_dir: Path, main_class: str, arguments: Sequence[str]) -> Child:
    home = pyspark_home()
    options = [*JVM_OPTIONS, *JVM_MODULES, f"-Dspark.worker.timeout={WORKER_TIMEOUT_S}"]
    options += [f"-Dlog4j2.configurationFile={LOG4J2}", "-cp", f"{home}/jars/*"]
    env = {
        "SPARK_HOME": str(home),
        "SPARK_SCALA_VERSION": SCALA_VERSION,
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(work_dir / "spark-scratch"),
    }
    return Child(name, [java(), *options, main_class, *arguments], work_dir, env=env)

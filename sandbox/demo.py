"""`make demo`: the whole system on this machine, shown working."""

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sandbox.balance import Balance, balance
from sandbox.composition import Part, Sandbox
from sandbox.console import DemoConsole
from sandbox.dashboard import Dashboard
from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto
from sandbox.plant import PARTITIONS, TOPIC, Plant
from sandbox.ports import Port
from sandbox.preflight import is_free
from sandbox.spark import AlertJob
from sandbox.topic_watch import TopicWatch
from sandbox.waiting import wait_until

WORK = PROJECT / "var" / "demo"
LAST_S = 15.0  # for what is under way at the end
EX_UNAVAILABLE = 69
DASHBOARD_PORT = 8080  # what people expect; another one where it is taken


class Announced:
    """A part that tells the console when it starts and when it is ready."""

    def __init__(self, console: DemoConsole, name: str, part: Part, words: str) -> None:
        self._console, self._name, self._part, self._words = console, name, part, words

    def __enter__(self) -> object:
        began_s = time.monotonic()
        self._console.state(self._name, "starting …")
        entered = self._part.__enter__()
        self._console.state(self._name, f"ready after {time.monotonic() - began_s:.1f} s: {self._words}")
        return entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._part.__exit__(kind, error, trace)
        self._console.state(self._name, "stopped")


class Demo:
    """Three machines: S1 on a serial line, S2 over MQTT, S3 in the gateway's own simulator.

    Args:
        console: where everything is shown.
        work_dir: an empty folder.
    """

    def __init__(self, console: DemoConsole, work_dir: Path) -> None:
        self._console = console
        self._kafka = Kafka(work_dir, port=_fixed_port("SUHU_KAFKA_PORT"))
        self._mosquitto = Mosquitto(work_dir, port=_fixed_port("SUHU_MQTT_PORT"))
        self._health = Port.reserve()
        health = f"127.0.0.1:{self._health.number}"
        self._plant = Plant(work_dir, self._kafka, self._mosquitto, health=health)
        self._dashboard = Dashboard(
            work_dir,
            self._kafka.bootstrap_servers,
            arguments=["--gateway", f"http://{health}"],
            port=_fixed_port("SUHU_DASHBOARD_PORT") or (DASHBOARD_PORT if is_free(DASHBOARD_PORT) else None),
        )
        self._alerts = AlertJob(
            work_dir, self._kafka.bootstrap_servers, work_dir / "checkpoint", on_line=console.warning
        )
        self._said = 0  # lines of the gateway's log that were shown

    def run(self, seconds: float | None) -> Balance:
        """Start everything, show it, end after `seconds` and give the verdict; without `seconds` run until Ctrl-C.

        Raises:
            SandboxError: a part did not start or did not keep up.
        """
        plant, spark = self._plant, "warns of every reading above 80 °C"
        with Sandbox() as sandbox:
            sandbox.start(
                self._announced("kafka", self._kafka, self._kafka.bootstrap_servers),
                self._announced("mosquitto", self._mosquitto, f"{self._mosquitto.host}:{self._mosquitto.port}"),
            )
            topics = [TOPIC, f"{TOPIC}-alerts", f"{TOPIC}-rejected"]
            for topic in topics:
                self._kafka.create_topic(topic, PARTITIONS)
            self._console.state("kafka", f"topics {', '.join(topics)}, {PARTITIONS} partitions each")
            sandbox.start(
                self._announced("dashboard", self._dashboard, f"open {self._dashboard.url}"),
                self._announced("spark", self._alerts, spark),
                self._announced("press-1", plant.press, "sensor S1 on a serial line"),
                self._announced("gateway", plant.gateway, "reads S1, S2 and, from its own simulator, S3"),
            )
            plant.await_subscription()
            sandbox.start(self._announced("oven-2", plant.oven, "sensor S2 over MQTT"))
            with TopicWatch(self._kafka.bootstrap_servers, TOPIC, PARTITIONS) as watch:
                self._console.line(f"Each machine reports once a second, see {self._dashboard.url}. Ctrl-C ends it.")
                self._show(watch, seconds)
            self._console.end_status()
            return self._finish()

    def _announced(self, name: str, part: Part, words: str) -> Announced:
        return Announced(self._console, name, part, words)

    def _show(self, watch: TopicWatch, seconds: float | None) -> None:
        end_s = None if seconds is None else time.monotonic() + seconds
        while end_s is None or time.monotonic() < end_s:
            plant = self._plant
            for part in (self._mosquitto, self._alerts, self._dashboard, plant.press, plant.oven, plant.gateway):
                if not part.alive:
                    raise SandboxError(f"{part.name} ended; the last lines of {part.log}:\n{part.log_tail()}")
            self._show_events()
            if watch.celsius:
                self._console.temperatures(watch.celsius)
            time.sleep(0.2)

    def _show_events(self) -> None:
        """Pass on what the gateway says of itself: one line per change of state."""
        lines = self._plant.gateway.log_since_start().splitlines()
        for line in lines[self._said :]:
            self._console.state("gateway", line.partition("event=")[2] or line)
        self._said = len(lines)

    def _finish(self) -> Balance:
        """Let everything that was sent arrive, then hold it against each other."""
        plant = self._plant
        plant.press.stop()
        plant.oven.stop()
        give_time(plant.has_landed)
        plant.gateway.stop()
        self._show_events()
        landed = plant.landed()
        hot = {one.event_id for one in landed if one.celsius > 80}
        give_time(lambda: len(self._alerts.lines) >= len(hot))
        self._alerts.stop()
        return balance(plant.emitted(), landed, self._alerts.lines)


def give_time(check: Callable[[], bool]) -> None:
    """Wait for what is under way; the balance says what did not make it."""
    try:
        wait_until(check, LAST_S, "the last readings", poll_s=0.2)
    except SandboxError:
        pass


def show_balance(console: DemoConsole, verdict: Balance) -> None:
    """Print the verdict."""
    readings = ", ".join(f"{sensor} {count}" for sensor, count in sorted(verdict.readings.items()))
    console.line(f"readings   {readings}")
    console.line(f"warnings   {verdict.warnings}")
    for name, found in (
        ("lost", verdict.lost),
        ("invented", verdict.invented),
        ("duplicated", verdict.duplicated),
        ("disordered", verdict.disordered),
        ("not warned", verdict.not_warned),
        ("twice", verdict.warned_again),
        ("wrongly", verdict.warned_wrongly),
    ):
        shown = f": {', '.join(found[:5])}" if found else ""
        console.line(f"{name:<10} {len(found)}{shown}")
    console.line("Everything arrived once." if verdict.clean else f"Something is wrong; the logs are in {WORK}/logs.")


def main() -> int:
    """Run the demo; the exit code is 0 only when everything arrived and was warned of once."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--seconds", type=float, help="end by itself after so many seconds, with a balance")
    seconds: float | None = parser.parse_args().seconds
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = DemoConsole()
    try:
        with _alone(WORK):
            verdict = Demo(console, WORK).run(seconds)
    except KeyboardInterrupt:
        console.end_status()
        console.line("Everything is stopped.")
        return 0
    except SandboxError as error:
        console.end_status()
        print(f"demo: {error}", file=sys.stderr)
        return EX_UNAVAILABLE
    show_balance(console, verdict)
    expected = {"S1", "S2", "S3"}
    return 0 if verdict.clean and verdict.readings.keys() == expected else 1


@contextmanager
def _alone(work_dir: Path) -> Iterator[None]:
    """An empty work folder that no second demo uses at the same time."""
    work_dir.parent.mkdir(exist_ok=True)
    with work_dir.with_name("demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxError("another demo runs in this folder: end that one first") from None
        shutil.rmtree(work_dir, ignore_errors=True)
        work_dir.mkdir()
        yield


def _fixed_port(variable: str) -> int | None:
    text = os.environ.get(variable)
    return int(text) if text else None


if __name__ == "__main__":
    sys.exit(main())

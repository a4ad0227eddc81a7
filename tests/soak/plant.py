import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from sandbox.errors import SandboxError
from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto
from sandbox.ports import Port
from sandbox.programs import Firmware
from sandbox.waiting import wait_until
from tests.faults.invariants import Accepted
from tests.faults.proxy import Proxy
from tests.faults.rig import PARTITIONS, Rig
from tests.faults.wiretap import Wiretap
from tests.soak.disk import SmallDisk
from tests.soak.follower import Follower
from tests.soak.reporters import Logger, Poster
from tests.soak.scenario import DISTINCT, mqtt_scenario, serial_scenario, terminals
from tests.soak.truth import Sent

PATIENCE_S = 300.0  # others may need the machine too; what is checked here is loss and order, not time
STARTS = 5
PORTS = 4
REJECTED = "sensor-suhu-rejected"  # the default
IN_FLIGHT = 2_000  # readings that the MQTT broker may hold at a time


def _ids(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number:02}" for number in range(1, count + 1)]


SERIAL, PUBLISHED, MQTT_DEVICES = [f"S{number}" for number in range(1, 13)], _ids("MQTT-", 20), _ids("FW-", 10)
POSTED, LOGGED = _ids("HTTP-", 5), _ids("CSV-", 3)
SENSORS = (*SERIAL, *PUBLISHED, *MQTT_DEVICES, *POSTED, *LOGGED)


class Plant:
    """50 sensors, each about once a second, and the gateway between them and Kafka; everything may be harmed.

    12 on four serial lines (firmware), 20 and 10 over MQTT (a publisher of ours and firmware), 5 that POST, 3 in a
    CSV file. No sensor sends a temperature twice.

    Args:
        work_dir: for everything that it writes.
        duration_s: for how long it will run.
        seed: what the firmware does.
        sabotage: promises that the gateway breaks, see tests/faults/sabotage.py.
        haste: how long faults last, as a part of what is usual.
    """

    def __init__(self, work_dir: Path, duration_s: float, seed: int, *, sabotage: str = "", haste: float = 1.0) -> None:
        self.haste = haste
        self.kafka = Kafka(work_dir)
        self.mosquitto = Mosquitto(work_dir)
        self.arrived: list[Accepted] = []
        self.acknowledged: list[Accepted] = []
        self.excused: set[Accepted] = set()  # the MQTT broker had them, and was killed
        self.kafka_proxy = Proxy(int(self.kafka.bootstrap_servers.rsplit(":", 1)[1]))
        self.mqtt_proxy = Proxy(self.mosquitto.port, lambda: Wiretap(self.arrived, self.acknowledged))
        self.disk = SmallDisk(work_dir)
        self.health_port, self.post_port = Port.reserve(), Port.reserve()
        self._work_dir = work_dir
        self._duration_s = duration_s
        self._seed = seed
        self._sabotage = sabotage
        self._stack = ExitStack()
        self.rig: Rig
        self.follower: Follower

    def start_gateway(self) -> None:
        """Start it, patiently: on a busy machine it may take longer than a test would wait."""
        if not self.rig.gateway.alive:
            try:
                self.rig.gateway.start()
            except SandboxError:
                if not self.rig.gateway.alive:
                    raise
        self.rig.gateway.wait_for_line("event=started", PATIENCE_S)

    def start_kafka(self) -> None:
        """Start it, as patiently."""
        for attempt in range(STARTS):
            try:
                self.kafka.start()
                return
            except SandboxError:
                if attempt == STARTS - 1:
                    raise

    def reload(self, text: str, event: str) -> None:
        """Give the gateway another configuration, and wait for what it says of it."""
        log = self.rig.gateway
        before = log.log_since_start().count(f"event={event} ")
        self.rig.config.write_text(text)
        os.kill(log.pid, signal.SIGHUP)
        log.wait_until(lambda: log.log_since_start().count(f"event={event} ") > before, PATIENCE_S, event, poll_s=0.5)

    def mend(self) -> list[str]:
        """Start again what has ended by itself, and put the rest in order; says what had ended."""
        found = []
        if self.rig.gateway.alive:
            self.rig.gateway.thaw()
        else:
            words = self.rig.gateway.log_tail(3)
            found.append(f"the gateway had ended with code {self.rig.gateway.returncode}: {words}")
        self.kafka.thaw()
        self.start_kafka()
        if self.mosquitto.alive:
            self.mosquitto.thaw()
        else:
            self.mosquitto.start()
        for proxy in (self.kafka_proxy, self.mqtt_proxy):
            proxy.delay_s = 0.0
        self.disk.empty()
        self.rig.config.write_text(self.configuration)
        self.start_gateway()
        return found

    def mend_the_harness(self) -> None:
        """After a fault that went wrong itself: what only it could have left."""
        for proxy in (self.kafka_proxy, self.mqtt_proxy):
            proxy.reset()
        for firmware in self._firmware:
            if not firmware.alive:
                firmware.start()  # says what it said from its beginning; that is repeated, no new reading

    def await_recovery(self, since_s: float, patience_s: float = PATIENCE_S) -> float:
        """Wait until of each sensor a reading is in the topic that was taken after this time (s since 1970).

        Returns:
            How many s after it that was.

        Raises:
            SandboxError: it does not happen; names the sensors.
        """
        try:
            wait_until(lambda: set(SENSORS) <= self.follower.newer(since_s), patience_s, "recovery", poll_s=0.2)
        except SandboxError:
            silent = sorted(set(SENSORS) - self.follower.newer(since_s))
            raise SandboxError(f"after {patience_s:g} s still nothing new of {', '.join(silent)}") from None
        return time.time() - since_s

    def stop_devices(self) -> None:
        """No device says anything any more."""
        self._poster.stop()
        self._logger.stop()
        for firmware in self._firmware:
            firmware.stop()
        self._load.stop()

    def accepted(self) -> list[Accepted]:
        """What the gateway is answerable for: what it acknowledged, and what a broker that lived had taken for it."""
        ours = set(SENSORS)
        acknowledged = [one for one in self.acknowledged if one[0] in ours]
        taken = [one for one in self._load.accepted() if one not in self.excused]
        return [*acknowledged, *taken, *self._poster.accepted, *self._logger.accepted]

    def in_order(self) -> list[Accepted]:
        """All readings, each sensor's in the order in which the gateway had to take them."""
        wired = self.sent_on_wires().readings
        return [*self.arrived, *wired, *self._poster.accepted, *self._logger.accepted]

    def sent_on_wires(self) -> Sent:
        """What left the serial devices."""
        return Sent.read(self._firmware[0].truth)

    def sent_by_mqtt_devices(self) -> Sent:
        """What the simulated MQTT devices have published."""
        return Sent.read(self._firmware[1].truth)

    @property
    def published(self) -> int:
        """How many readings our own publisher has handed over."""
        return self._load.sent

    def excuse_the_broker(self, since: int) -> None:
        """It was killed, and came back: what it had of our publisher and had not handed on is its own to lose.

        Args:
            since: `published` at the kill.
        """
        acknowledged = set(self.acknowledged)
        recent = self._load.between(max(since - IN_FLIGHT, 0), since)
        before = [one for one in recent if one not in acknowledged]
        self.excused |= {*before, *self._load.between(since, self._load.sent)}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for part in (self.disk, self.kafka, self.mosquitto, self.kafka_proxy, self.mqtt_proxy):
                stack.enter_context(part)
            self._begin(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self.health_port.release()
        self.post_port.release()

    def _begin(self, stack: ExitStack) -> None:
        chance = Random(self._seed)
        rate = min(1.0, DISTINCT / self._duration_s)
        lines = terminals(self._work_dir / "devices", SERIAL, PORTS)
        csv = self._work_dir / "oven.csv"
        self._logger = Logger(csv, LOGGED, 1 / rate)
        self._poster = Poster(self.post_port.number, POSTED, 1 / rate)
        options = {
            "[serial]": "\n[[serial]]\n".join(f'port = "{one.link}"' for one in lines),
            "[csv]": f'path = "{csv}"\nfollow = true\ntime = "now"',
            "http_server": f'listen = "127.0.0.1:{self.post_port.number}"',
            "health": f'listen = "127.0.0.1:{self.health_port.number}"',
            "journal": "max_bytes = 40_000_000",
        }
        self.rig = Rig(
            self._work_dir,
            self.kafka,
            self.mosquitto,
            kafka_port=self.kafka_proxy.port,
            mqtt_port=self.mqtt_proxy.port,
            journal=self.disk.folder / "journal.db",
            options=options,
            rate=len(PUBLISHED) * rate,
            sensors=PUBLISHED,
            sabotage=self._sabotage,
        )
        self.configuration = self.rig.config.read_text()
        self._load = self.rig.load
        self.kafka.create_topic(REJECTED, PARTITIONS)
        stack.enter_context(self.rig)
        self.follower = stack.enter_context(Follower(self.kafka.bootstrap_servers, self.rig.name, PARTITIONS))
        scenarios = {
            "serial": serial_scenario(lines, rate, self._duration_s, chance),
            "mqtt": mqtt_scenario(self.mosquitto.port, self.rig.name, MQTT_DEVICES, rate, chance),
        }
        self._firmware = [
            stack.enter_context(self._devices(name, text, text.count("[[device]]"))) for name, text in scenarios.items()
        ]
        stack.enter_context(self._poster)
        stack.enter_context(self._logger)

    def _devices(self, name: str, scenario: str, count: int) -> Firmware:
        path = self._work_dir / f"{name}.toml"
        path.write_text(scenario)
        (self._work_dir / "devices").mkdir(exist_ok=True)
        truth = self._work_dir / f"{name}.jsonl"
        return Firmware(self._work_dir, ["--scenario", str(path)], truth=truth, devices=count, name=f"firmware-{name}")

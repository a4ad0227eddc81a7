import json
import secrets
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway import control
from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto
from sandbox.programs import Gateway
from sandbox.records import Record, read_topic
from sandbox.waiting import wait_until
from tests.faults.invariants import Accepted, Verdict, check
from tests.faults.load import Load
from tests.faults.tail import Tail

PARTITIONS = 3
PATIENCE_S = 40.0


class Rig:
    """One gateway between an MQTT broker and Kafka, with a topic, a journal and sensors of its own.

    Used as a context manager: the gateway has subscribed and readings flow when it is entered.

    Args:
        work_dir: for configuration, logs and the journal.
        kafka: where its topic is made.
        mosquitto: where readings come from.
        kafka_port, mqtt_port: of a proxy in front of them.
        host: where the gateway finds both.
        journal: the journal's path.
        options: further lines of the configuration's tables, by table.
        rate: readings per second.
        load: whether readings flow by themselves.
        sabotage: promises that the gateway breaks, see sabotage.py.
        wrapper: a command in front of the gateway's own.
        sensors: who sends readings.
        topic: settings of the topic.
        qos: with which readings are published.
        replicas: of each of its partitions.
    """

    def __init__(
        self,
        work_dir: Path,
        kafka: Kafka,
        mosquitto: Mosquitto,
        *,
        kafka_port: int | None = None,
        mqtt_port: int | None = None,
        host: str = "127.0.0.1",
        journal: Path | None = None,
        options: dict[str, str] | None = None,
        rate: float = 300.0,
        load: bool = True,
        sabotage: str = "",
        wrapper: Sequence[str] = (),
        sensors: Sequence[str] = ("S1", "S2", "S3"),
        topic: Mapping[str, str] | None = None,
        qos: int = 1,
        replicas: int = 1,
    ) -> None:
        self.name = f"rig-{secrets.token_hex(4)}"
        self.work_dir = work_dir
        self.journal = journal or work_dir / "journal.db"
        self.kafka = kafka
        self.config = work_dir / "gateway.toml"
        self._options = options or {}
        self._host = host
        self._mqtt_port = mqtt_port or mosquitto.port
        servers = [f"{host}:{kafka_port}"] if kafka_port else kafka.bootstrap_servers.split(",")
        self.config.write_text(self._configuration(servers))
        self.gateway = Gateway(work_dir, self.config)
        if sabotage:
            self.gateway.argv = [sys.executable, "-m", "tests.faults.sabotage", sabotage, *self.gateway.argv[3:]]
        self.gateway.argv = [*wrapper, *self.gateway.argv]
        self._topic = topic
        self.load = Load(mosquitto.port, self.name, sensors, rate, qos)
        self._replicas = replicas
        self._flows = load
        self.tail = Tail(kafka.bootstrap_servers, self.name, PARTITIONS)

    def start(self) -> None:
        """Start the gateway and wait until it has its subscription."""
        self.gateway.start()
        self.await_subscription()

    def await_subscription(self) -> None:
        """Wait until the gateway, started, has its MQTT session."""
        self.gateway.wait_for_line("event=source_up", PATIENCE_S)

    def await_reading(self, since: Sequence[Accepted] = (), began_s: float | None = None) -> float:
        """Wait until a newer reading than these, or one published from now on, is in the topic.

        Returns:
            How long it took in s, from `began_s` (monotonic) or from now.
        """
        began_s = time.monotonic() if began_s is None else began_s
        beyond = max((celsius for _, celsius in since or self.load.last), default=0.0)
        wait_until(lambda: self.tail.highest() > beyond, PATIENCE_S, "a new reading in the topic")
        return time.monotonic() - began_s

    def let_flow(self, count: int) -> None:
        """Wait until so many more readings have been published."""
        goal = self.load.sent + count
        wait_until(lambda: self.load.sent >= goal, PATIENCE_S, f"{count} more readings")

    def said(self, event: str) -> dict[str, str]:
        """The fields of the newest log line of an event since the start."""
        lines = reversed(self.gateway.log_since_start().splitlines())
        line = next(line for line in lines if f"event={event} " in f"{line} ")
        return dict(part.split("=", 1) for part in line.split() if "=" in part)

    def told(self, event: str) -> bool:
        """Whether the log of this start has the event (I7: what the gateway can know of a fault, it says)."""
        return any(f"event={event} " in f"{line} " for line in self.gateway.log_since_start().splitlines())

    def status(self) -> dict[str, Any]:
        """What the running gateway says of its journal."""
        return control.ask(self.journal, {"command": "status"}) or {}

    def resident_mb(self) -> float:
        """The most memory that the gateway has had resident; proc(5), VmHWM."""
        status = Path(f"/proc/{self.gateway.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1000

    def await_everything(self) -> float:
        """Publish no more and wait until each sensor's last reading is in the topic; how long it took in s."""
        began_s = time.monotonic()
        self.load.stop()
        last = set(self.load.last)
        wait_until(lambda: last <= self.tail.readings(), PATIENCE_S, "each sensor's last reading in the topic")
        return time.monotonic() - began_s

    def verdict(self) -> Verdict:
        """Stop the gateway and hold what was accepted against topic and journal."""
        self.gateway.stop()
        return check(self.load.accepted(), self.topic(), self.waiting())

    def topic(self) -> list[Record]:
        """Everything in the topic."""
        return read_topic(self.kafka.bootstrap_servers, self.name)

    def await_waiting(self, count: int) -> None:
        """Wait until so many records are in the journal of the running gateway, for Kafka."""

        wait_until(lambda: self.status().get("waiting", 0) >= count, PATIENCE_S, f"{count} waiting records")

    def waiting(self) -> list[bytes]:
        """The values in the journal that wait or are in quarantine; no gateway may run."""
        if not self.journal.exists():
            return []
        database = sqlite3.connect(self.journal)
        try:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")  # without a file of shared memory: its disk may be full
            rows = database.execute(
                "SELECT sequence, value FROM queue WHERE sequence > (SELECT value FROM meta WHERE name = 'delivered')"
                " UNION ALL SELECT sequence, value FROM quarantine ORDER BY sequence"
            ).fetchall()
        finally:
            database.close()
        return [value for _, value in rows]

    def __enter__(self) -> Self:
        try:
            self.kafka.create_topic(self.name, PARTITIONS, self._replicas, self._topic)
            self.start()
            if self._flows:
                self.load.start()
            else:
                self.load.connect()
            return self
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.load.__exit__(None, None, None)
        self.gateway.kill()
        self.tail.close()

    def _configuration(self, servers: list[str]) -> str:
        tables = {
            "gateway": f'id = "{self.name}"\ninterval_s = 0',
            "journal": f'path = "{self.journal}"',
            "kafka": f'bootstrap_servers = {json.dumps(servers)}\ntopic = "{self.name}"',
            "[mqtt]": f'host = "{self._host}"\nport = {self._mqtt_port}\ntopics = ["{self.name}/{{sensor_id}}"]',
        }
        unknown = {table: lines for table, lines in self._options.items() if table not in tables}
        known = {table: f"{lines}\n{self._options.get(table, '')}" for table, lines in tables.items()}
        return "\n".join(f"[{table}]\n{lines}\n" for table, lines in {**known, **unknown}.items())

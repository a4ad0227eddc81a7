import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.footprint import Footprint
from bench.gateway_load.topic import Topic
from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto
from sandbox.process import Child
from sandbox.programs import Gateway
from sandbox.waiting import wait_until

# The gateway runs on what an operator installs: a developer's environment has packages that it would load too
# (structlog imports `rich` when it is there, 7 MB).
PRODUCTION = PROJECT / "var" / "production-venv"
DEFAULT_CLIENT = "kafka-python-ng"
# Mosquitto waits for acknowledgements after 20 messages by default: one group commit is 20 messages then.
WIDE_WINDOW = ("max_inflight_messages 2000",)
SOURCE_TIMEOUT_S = 30.0
PUBLISH_TIMEOUT_S = 300.0
JOURNAL_TIMEOUT_S = 300.0
ASK_S = 0.5


class Stage:
    """Broker, gateway and topic of one measurement, each of them new; Kafka is shared.

    Mosquitto runs as long as the context lives; the gateway from `start_gateway` on.

    Args:
        work: a folder that does not exist yet.
        kafka: the running cluster.
        client: the gateway's Kafka client, as its configuration names it.
        interval_s: how often the gateway forwards each sensor's newest reading; 0: it forwards every reading.
        mosquitto: lines for mosquitto.conf.
        serial_ports: what the gateway reads instead of MQTT.
    """

    def __init__(
        self,
        work: Path,
        kafka: Kafka,
        *,
        client: str = DEFAULT_CLIENT,
        interval_s: float = 0,
        mosquitto: Sequence[str] = WIDE_WINDOW,
        serial_ports: Sequence[Path] = (),
    ) -> None:
        work.mkdir(parents=True)
        self.work = work
        self.kafka = kafka
        self.topic = Topic(kafka, f"bench-{work.name}")
        self._mosquitto = None if serial_ports else Mosquitto(work, settings=mosquitto)
        self._config = work / "gateway.toml"
        self.journal = work / "journal.db"
        self.gateway = Gateway(work, self._config, python=str(PRODUCTION / "bin" / "python"))
        self._publisher: Child | None = None
        if self._mosquitto is None:
            self._sources = [f'source="serial {port}"' for port in serial_ports]
            tables = "".join(f'[[serial]]\nport = "{port}"\nbaudrate = 115200\n' for port in serial_ports)
        else:
            self._sources = [f'source="mqtt {self._mosquitto.host}:{self._mosquitto.port}"']
            tables = f'[[mqtt]]\nhost = "{self._mosquitto.host}"\nport = {self._mosquitto.port}\n'
        self._config.write_text(
            f'[gateway]\nid = "bench"\ninterval_s = {interval_s}\n'
            f'[journal]\npath = "{self.journal}"\nmax_bytes = {1 << 30}\n'
            f'[kafka]\nbootstrap_servers = ["{kafka.bootstrap_servers}"]\ntopic = "{self.topic.name}"\n'
            f'client = "{client}"\n{tables}'
        )

    def start_gateway(self) -> Footprint:
        """Start it and return at once when it runs; with a queued session its messages come from now on."""
        return Footprint(self.gateway.start().pid)

    def await_sources(self) -> None:
        """Wait until the gateway reads all its sources; with MQTT, until the broker keeps messages for it."""
        for source in self._sources:
            self.gateway.wait_for_line(f"event=source_up {source}", SOURCE_TIMEOUT_S)

    def publish(self, count: int, *, rate: float = 0, sensors: int = 50, times: Path | None = None) -> Child:
        """Start a publisher of numbered readings; it is stopped with the stage."""
        if self._mosquitto is None:
            raise SandboxError("this stage has serial ports only")
        address = ["--host", self._mosquitto.host, "--port", str(self._mosquitto.port)]
        amount = ["--count", str(count), "--rate", str(rate), "--sensors", str(sensors)]
        options = [*address, *amount, *(["--times", str(times)] if times else [])]
        self._publisher = Child(
            "publisher", [sys.executable, "-m", "bench.gateway_load.publisher", *options], self.work
        )
        return self._publisher.start()

    def published(self) -> int:
        """Wait until the broker has taken every reading, and tell how many these were."""
        if self._publisher is None:
            raise SandboxError("nothing is being published")
        publisher = self._publisher
        wait_until(lambda: not publisher.alive, PUBLISH_TIMEOUT_S, "the end of publishing")
        if publisher.returncode != 0:
            raise SandboxError(f"the publisher failed:\n{publisher.log_tail()}")
        return int(publisher.log_tail(1).split()[1])

    def stop_gateway(self) -> int:
        """Stop it, and tell how many readings it took since its start, by its own count."""
        self.gateway.stop()
        line = next(line for line in self.gateway.log_since_start().splitlines() if "event=stopped" in line)
        return int(line.partition(" readings=")[2].split()[0])

    def await_journaled(self, count: int) -> None:
        """Wait until the journal holds `count` records that Kafka does not have."""
        wait_until(lambda: self._waiting() >= count, JOURNAL_TIMEOUT_S, f"{count} records in the journal", poll_s=ASK_S)

    def _waiting(self) -> int:
        command = [sys.executable, "-m", "gateway", "spool", "status", "--json", "--config", str(self._config)]
        answer = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise SandboxError(f"the journal cannot be asked: {answer.stderr.strip()}")
        return int(json.loads(answer.stdout)["waiting"])

    def __enter__(self) -> Self:
        if self._mosquitto is not None:
            self._mosquitto.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._publisher is not None:
            self._publisher.kill()
        self.gateway.stop()
        if self._mosquitto is not None:
            self._mosquitto.__exit__(kind, error, trace)

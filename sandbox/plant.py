import json
from pathlib import Path

from sandbox.balance import Landed
from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto
from sandbox.programs import Firmware, Gateway
from sandbox.records import read_topic

TOPIC = "sensor-suhu"
PARTITIONS = 3
SUBSCRIBED_TIMEOUT_S = 15.0


class Plant:
    """Three machines and the gateway that reads them: S1 on a serial line, S2 over MQTT, S3 in its own simulator.

    S1 and S3 overheat within 20 s, over and over. Every reading is forwarded (interval_s = 0): the machines keep
    the pace themselves, and each one is to be accounted for.
    Start `press` and `gateway`, then `await_subscription`, then `oven`: what is published on MQTT before the first
    subscription is nobody's.
    """

    def __init__(
        self, work_dir: Path, kafka: Kafka, mosquitto: Mosquitto, *, rate: float = 1.0, health: str = ""
    ) -> None:
        """Prepare it; `rate` is how often each machine reports, per second, `health` the address of that port."""
        self._kafka = kafka
        self._mosquitto = mosquitto
        link = work_dir / "devices" / "usb-Suhu_Press_1-if00-port0"
        config = work_dir / "gateway.toml"
        config.write_text(_configuration(work_dir, link, kafka, mosquitto, rate) + _health(health))
        self.journal = work_dir / "journal.db"
        self.gateway = Gateway(work_dir, config)
        self.press = Firmware(
            work_dir,
            f"--pty {link} --name press-1 --sensors S1 --overheats S1 --format labelled --rate {rate}".split(),
            truth=work_dir / "press-1.jsonl",
            name="press-1",
        )
        self.oven = Firmware(
            work_dir,
            f"--mqtt --port {mosquitto.port} --name oven-2 --sensors S2 --rate {rate}".split(),
            truth=work_dir / "oven-2.jsonl",
            name="oven-2",
        )

    def await_subscription(self) -> None:
        """Wait until the broker keeps messages for the gateway.

        Raises:
            SandboxError: it does not happen.
        """
        address = f"{self._mosquitto.host}:{self._mosquitto.port}"
        self.gateway.wait_for_line(f'event=source_up source="mqtt {address}"', SUBSCRIBED_TIMEOUT_S)

    def emitted(self) -> dict[str, list[float]]:
        """Tell what S1 and S2 have sent, in order; S3 keeps no record of its own."""
        return {"S1": _sent(self.press.truth), "S2": _sent(self.oven.truth)}

    def landed(self) -> list[Landed]:
        """Read the topic."""
        records = read_topic(self._kafka.bootstrap_servers, TOPIC)
        return [Landed.from_value(record.value) for record in records if record.value is not None]

    def has_landed(self) -> bool:
        """Whether the topic has as many readings of S1 and S2 as these have sent."""
        count = sum(map(len, self.emitted().values()))
        return sum(one.sensor_id in {"S1", "S2"} for one in self.landed()) >= count


def _sent(truth: Path) -> list[float]:
    if not truth.exists():
        return []
    facts = [json.loads(line) for line in truth.read_text().splitlines()]
    return [reading["celsius"] for fact in facts if not fact.get("dropped") for reading in fact["readings"]]


def _health(listen: str) -> str:
    return f'\n[health]\nlisten = "{listen}"\n' if listen else ""


def _configuration(work_dir: Path, link: Path, kafka: Kafka, mosquitto: Mosquitto, rate: float) -> str:
    return f"""
[gateway]
id = "plant"
interval_s = 0

[journal]
path = "{work_dir / "journal.db"}"

[kafka]
bootstrap_servers = {json.dumps(kafka.bootstrap_servers.split(","))}
topic = "{TOPIC}"

[[serial]]
port = "{link}"

[[mqtt]]
host = "{mosquitto.host}"
port = {mosquitto.port}

[simulator]
sensors = ["S3"]
interval_s = {1 / rate}
"""

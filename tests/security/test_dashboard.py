"""The dashboard before a guarded Kafka: it reads its topics, and may do nothing else."""

from pathlib import Path

import pytest
from kafka.admin import ACLOperation, ResourceType

from sandbox.dashboard import Dashboard
from tests.dashboard.producing import sensors
from tests.dashboard.stream import Stream
from tests.security.guarded import SPARK, USERS, Guarded

pytestmark = pytest.mark.system
MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"


def config(guarded: Guarded, folder: Path, password: str = USERS[SPARK]) -> Path:
    file = folder / "kafka.properties"
    file.write_text(
        "security.protocol=SASL_SSL\nssl.truststore.type=PEM\n"
        f"ssl.truststore.location={guarded.ca_file}\nsasl.mechanism=SCRAM-SHA-512\n"
        f'sasl.jaas.config={MODULE} required username="{SPARK}" password="{password}";\n'
    )
    return file


def dashboard(folder: Path, servers: str, topic: str, file: Path | None) -> Dashboard:
    arguments = ["--topic", topic] + (["--kafka-config", str(file)] if file else [])
    return Dashboard(folder, servers, arguments=arguments)


def test_it_reads_over_tls_with_a_login_and_a_topic_it_may_not_read_stops_no_other(
    guarded: Guarded, tmp_path: Path
) -> None:
    guarded.kafka.create_topic("looked-at", 2)
    guarded.kafka.create_topic("looked-at-alerts", 1)
    guarded.allow(SPARK, {(ResourceType.TOPIC, "looked-at"): [ACLOperation.READ, ACLOperation.DESCRIBE]})
    guarded.allow_to_see(SPARK, "looked-at-alerts")
    with (
        dashboard(tmp_path, guarded.kafka.servers("GATE"), "looked-at", config(guarded, tmp_path)) as page,
        Stream(page.url) as stream,
        sensors(guarded.kafka.bootstrap_servers, "looked-at") as plant,
    ):
        stream.wait(lambda: stream.state.get("kafka", {}).get("up"), "Kafka")
        plant.write(b"{}", topic="looked-at-alerts")
        for celsius in (20.0, 83.4):
            plant.say("S1", celsius)
            stream.wait(lambda: stream.tile("S1").get("celsius") == celsius, f"{celsius} °C")  # noqa: B023 - waited for
        assert "canary" not in page.log.read_text() + Path(f"/proc/{page.pid}/cmdline").read_text()


@pytest.mark.parametrize(
    ("listener", "password", "words"),
    [
        ("GATE", "wrong", "login"),
        ("STRANGE", USERS[SPARK], "its certificate is refused"),
        ("GATE", None, "--kafka-config"),
    ],
)
def test_why_it_is_not_let_in_is_on_the_page(
    guarded: Guarded, tmp_path: Path, listener: str, password: str | None, words: str
) -> None:
    file = None if password is None else config(guarded, tmp_path, password)
    with (
        dashboard(tmp_path, guarded.kafka.servers(listener), "looked-at", file) as page,
        Stream(page.url) as stream,
    ):
        stream.wait(lambda: words in (stream.state.get("kafka", {}).get("why") or ""), words)
        assert stream.state["kafka"]["up"] is False
        assert "canary" not in page.log.read_text()

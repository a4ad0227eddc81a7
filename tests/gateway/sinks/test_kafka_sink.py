import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model import Record
from gateway.sinks import kafka_confluent, kafka_python
from gateway.sinks.kafka_confluent import ConfluentClient
from gateway.sinks.kafka_door import Door
from gateway.sinks.kafka_python import KafkaPythonClient, partition_of
from gateway.sinks.kafka_sink import KafkaSink
from gateway.sinks.sink import Receipt
from sandbox.kafka import Kafka
from sandbox.records import read_topic

pytestmark = pytest.mark.system

TIMESTAMP_MS = 1_795_316_645_678
Client = KafkaPythonClient | ConfluentClient
names = (f"sink-{number}" for number in itertools.count())


def record(sequence: int, key: bytes = b"S1", size: int = 60) -> Record:
    return Record(sequence, key, str(sequence).encode().ljust(size, b"."), TIMESTAMP_MS)


@pytest.fixture(params=[KafkaPythonClient, ConfluentClient])
def client(request: pytest.FixtureRequest) -> type[Client]:
    """The contract below holds for every client library."""
    made: type[Client] = request.param
    return made


def sink_of(client: type[Client], servers: str, topic: str) -> KafkaSink:
    door = Door(tuple(servers.split(",")))
    return KafkaSink(client(door, topic, "test"), door, topic)


def send(client: type[Client], servers: str, topic: str, records: list[Record]) -> Receipt:
    async def scenario() -> Receipt:
        sink = sink_of(client, servers, topic)
        try:
            return await sink.send(records)
        finally:
            await sink.close()

    return asyncio.run(scenario())


async def send_until_taken(sink: KafkaSink, records: list[Record]) -> None:
    """As the forwarder does: what is unsent is sent again."""
    while records:
        records = (await sink.send(records)).unsent


# Printed by Utils.toPositive(Utils.murmur2(key)) of Kafka's Java client 4.3.1.
@pytest.mark.parametrize(
    ("key", "hashed"),
    [("S1", 320132663), ("21", 1173551340), ("foobar", 1357151166), ("tungku/utara #4 °", 1544897996)],
)
def test_keys_go_to_the_partition_of_the_java_client(key: str, hashed: int) -> None:
    assert partition_of(key.encode(), 1 << 31) == hashed
    assert partition_of(key.encode(), 3) == hashed % 3


def test_records_land_in_order_with_key_timestamp_and_partition(client: type[Client], kafka: Kafka) -> None:
    topic = next(names)
    kafka.create_topic(topic, 3)
    sent = [record(sequence, f"S{sequence % 5}".encode()) for sequence in range(1, 501)]
    assert send(client, kafka.bootstrap_servers, topic, sent) == Receipt()
    landed = read_topic(kafka.bootstrap_servers, topic)
    assert len(landed) == 500
    for key in {one.key for one in sent}:
        mine = [one for one in landed if one.key == key]
        assert [one.value for one in mine] == [one.value for one in sent if one.key == key]
        assert {one.partition for one in mine} == {partition_of(key, 3)}
        assert {one.timestamp_ms for one in mine} == {TIMESTAMP_MS}


def test_a_record_that_kafka_refuses_is_named_and_the_others_land_in_order(client: type[Client], kafka: Kafka) -> None:
    topic = next(names)
    kafka.create_topic(topic, 1, config={"max.message.bytes": "300"})
    sent = [record(1), record(2), record(3, size=400), record(4), record(5)]
    receipt = send(client, kafka.bootstrap_servers, topic, sent)
    assert [one.sequence for one, _ in receipt.refused] == [3]
    assert receipt.refused[0][1].startswith("400 bytes are too large for the topic: raise its max.message.bytes")
    assert receipt.unsent == []
    landed = [one.value for one in read_topic(kafka.bootstrap_servers, topic)]
    assert landed == [sent[place].value for place in (0, 1, 3, 4)]


def test_records_of_a_clock_that_is_years_ahead_land_in_order(client: type[Client], kafka: Kafka) -> None:
    topic = next(names)
    kafka.create_topic(topic, 1, config={"message.timestamp.after.max.ms": "3600000"})
    fifteen_years_ms = 15 * 365 * 86_400_000
    sent = [record(1), replace(record(2), timestamp_ms=TIMESTAMP_MS + fifteen_years_ms), record(3)]
    assert send(client, kafka.bootstrap_servers, topic, sent) == Receipt()
    assert [one.value for one in read_topic(kafka.bootstrap_servers, topic)] == [one.value for one in sent]


def test_a_missing_topic_is_said_and_nothing_is_lost(client: type[Client], kafka: Kafka) -> None:
    receipt = send(client, kafka.bootstrap_servers, "never-created", [record(1)])
    assert [one.sequence for one in receipt.unsent] == [1]
    assert "has no topic never-created" in str(receipt.cause)


def test_a_missing_broker_is_said_and_nothing_is_lost(client: type[Client]) -> None:
    receipt = send(client, "127.0.0.1:1", "sensor-suhu", [record(1)])
    assert [one.sequence for one in receipt.unsent] == [1]
    assert "no broker answers at 127.0.0.1:1" in str(receipt.cause)


def test_after_a_broker_restart_the_same_sink_goes_on(client: type[Client], tmp_path: Path) -> None:
    async def scenario(kafka: Kafka) -> None:
        sink = sink_of(client, kafka.bootstrap_servers, "t")
        assert await sink.send([record(1)]) == Receipt()
        kafka.kill()
        down = await sink.send([record(2), record(3)])
        assert [one.sequence for one in down.unsent] == [2, 3]
        kafka.start()
        await send_until_taken(sink, down.unsent)
        await sink.close()

    with Kafka(tmp_path) as kafka:
        kafka.create_topic("t", 1)
        asyncio.run(scenario(kafka))
        values = [one.value for one in read_topic(kafka.bootstrap_servers, "t")]
    assert values == [record(1).value, record(2).value, record(3).value]


def test_what_a_hanging_broker_did_not_acknowledge_is_unsent_and_never_mixed_up(
    client: type[Client], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_confluent, "PATIENCE_S", 1.0)
    monkeypatch.setattr(kafka_python, "REQUEST_TIMEOUT_S", 1.0)

    async def scenario(kafka: Kafka) -> None:
        sink = sink_of(client, kafka.bootstrap_servers, "t")
        await send_until_taken(sink, [record(1)])
        kafka.freeze()
        hanging = await sink.send([record(2), record(3)])
        assert [one.sequence for one in hanging.unsent] == [2, 3]
        assert "no broker answers at" in str(hanging.cause)
        kafka.thaw()
        await send_until_taken(sink, hanging.unsent)
        await send_until_taken(sink, [record(4)])
        await sink.close()

    with Kafka(tmp_path) as kafka:
        kafka.create_topic("t", 1)
        asyncio.run(scenario(kafka))
        values = [one.value for one in read_topic(kafka.bootstrap_servers, "t")]
    first_of_each = list(dict.fromkeys(values))  # what hung may have arrived too
    assert first_of_each == [record(sequence).value for sequence in (1, 2, 3, 4)]


def test_closing_does_not_wait_for_a_broker_that_hangs(client: type[Client], tmp_path: Path) -> None:
    async def scenario(kafka: Kafka) -> None:
        sink = sink_of(client, kafka.bootstrap_servers, "t")
        await sink.send([record(1)])
        kafka.freeze()
        sending = asyncio.create_task(sink.send([record(2)]))
        await asyncio.sleep(0.5)  # so that the request is under way; too early, the test shows less but is right
        await asyncio.wait_for(sink.close(), 4)
        sending.cancel()
        kafka.thaw()

    with Kafka(tmp_path) as kafka:
        kafka.create_topic("t", 1)
        asyncio.run(scenario(kafka))

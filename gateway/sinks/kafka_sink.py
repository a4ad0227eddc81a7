"""Kafka: what is refused, what is sent again and in which form, whichever client library sends it."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from gateway.errors import SinkUnavailable
from gateway.model import Record
from gateway.sinks.descriptors import missing_descriptors
from gateway.sinks.kafka_door import Door
from gateway.sinks.kafka_words import Failure, Kind, refusal, unavailable
from gateway.sinks.sink import Receipt

UNCLEAR: set[Kind] = {"no_broker", "no_topic", "other"}  # whatever a library cannot tell apart arrives as one of these


@dataclass(frozen=True, slots=True)
class Failed:
    """The part of a batch that one partition did not take, in order."""

    records: list[Record]
    failure: Failure


class KafkaClient(Protocol):
    """A client library's producer for one topic. `close` may be called by any thread, `produce` by one."""

    def produce(self, records: Sequence[Record], *, timestamps: bool = True) -> list[Failed]:
        """Send records with acks=all, a key's to the partition that the Java client would choose, and wait.

        Each partition's part arrives whole or not at all, and what failed is not sent again later behind
        the caller's back: that is what keeps the order when the caller sends it again.

        Args:
            records: in order.
            timestamps: whether records carry theirs.

        Returns:
            What failed, by partition; all other records are in every in-sync replica.
        """

    def close(self) -> None:
        """Give up what is under way, and every `produce` to come."""


class KafkaSink:
    """Sends a batch through a client, in a thread of its own.

    Args:
        client: the client.
        door: where it goes, for the words of errors and to find out about them.
        topic: likewise.
    """

    def __init__(self, client: KafkaClient, door: Door, topic: str) -> None:
        self._client = client
        self._door = door
        self._topic = topic
        self._closing = threading.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kafka")

    async def send(self, records: Sequence[Record]) -> Receipt:
        """See Sink."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._send, records)

    async def close(self) -> None:
        """See Sink."""
        self._closing.set()
        await asyncio.to_thread(self._client.close)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _send(self, records: Sequence[Record]) -> Receipt:
        failed = self._client.produce(records)
        if untimely := [record for one in failed if one.failure.kind == "untimely" for record in one.records]:
            # A wrong clock, ours or the device's: Kafka refuses timestamps more than an hour ahead of its own.
            # They go without one; measured_at says the same.
            failed = [one for one in failed if one.failure.kind != "untimely"]
            failed += self._client.produce(untimely, timestamps=False)
        unsent: list[Record] = []
        refused: list[tuple[Record, str]] = []
        cause = None
        for one in failed:
            if one.failure.kind == "too_large":
                receipt = self._send_singly(one)
                unsent += receipt.unsent
                refused += receipt.refused
                cause = receipt.cause or cause
            else:
                unsent += one.records
                cause = self._cause(one.failure)
        return Receipt(sorted(unsent, key=lambda record: record.sequence), refused, cause)

    def _send_singly(self, failed: Failed) -> Receipt:
        """Find the records that Kafka refuses among those of a refused part."""
        if len(failed.records) == 1:
            return Receipt(refused=[(failed.records[0], refusal(failed.records[0], failed.failure))])
        refused: list[tuple[Record, str]] = []
        for done, record in enumerate(failed.records):
            for single in self._client.produce([record]):
                if single.failure.kind != "too_large":
                    cause = self._cause(single.failure)
                    return Receipt(failed.records[done:], refused, cause)
                refused.append((record, refusal(record, single.failure)))
        return Receipt(refused=refused)

    def _cause(self, failure: Failure) -> SinkUnavailable:
        """Cause and remedy; where the client has no words for it, by going there once more in steps."""
        found = self._look() if failure.kind in UNCLEAR and not self._closing.is_set() else None
        return unavailable(found or failure, self._door.servers, self._topic)

    def _look(self) -> Failure | None:
        if (failure := missing_descriptors(1)) is not None:  # else the import may fail, too
            return failure
        from gateway.sinks.kafka_probe import Probe  # here, because it loads kafka-python-ng, whichever client sends

        return Probe(self._door, self._topic, self._closing).look()

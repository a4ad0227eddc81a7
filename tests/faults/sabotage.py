"""`python -m tests.faults.sabotage NAME[,NAME] run …`: the real gateway with a promise of its broken on purpose.

The negative controls: the checker must find each of these, under the same fault that the real one survives.
Two break nothing: `slow_commits` makes a disk slow, so that a kill falls between receiving and committing;
`plain_sleep` lets the gateway run under libfaketime.
"""

import asyncio
import select
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.cli import main
from gateway.journal import Journal, journal
from gateway.journal import database as database_file
from gateway.journal.high_mark import HighMark
from gateway.model import Record
from gateway.pipeline import forwarding
from gateway.pipeline.committer import Committer
from gateway.sinks.kafka_sink import KafkaSink
from gateway.sinks.sink import Receipt
from gateway.sources.mqtt_client import Client
from gateway.sources.mqtt_link import MqttLink

SLOW_S = 0.1
VICTIM = 50  # the sequence of the record that is treated badly
LATE_BY = 10
REUSED = 5


def slow_commits() -> None:
    """Every commit takes long; the promises hold."""
    apply = Journal.apply

    def slow(self: Journal, operations: Any) -> list[Record]:
        time.sleep(SLOW_S)
        return apply(self, operations)

    _replace(Journal, "apply", slow)


def plain_sleep() -> None:
    """time.sleep by select(2): the absolute monotonic sleep that Python prefers fails under libfaketime 0.9.10."""

    def sleep(seconds: float) -> None:
        select.select([], [], [], seconds)

    _replace(time, "sleep", sleep)


def ack_before_commit() -> None:
    """A delivery is acknowledged when it is submitted."""
    submit = Committer.submit

    def hasty(self: Committer, operations: Any, committed: Callable[[], None]) -> None:
        submit(self, operations, lambda: None)
        asyncio.get_running_loop().call_soon(committed)

    _replace(Committer, "submit", hasty)


def forget_at_the_end() -> None:
    """What is submitted but not committed yet is thrown away when the pipeline ends."""
    settled = Committer.settled

    async def forgetful(self: Committer) -> None:
        self._inbox.clear()
        await settled(self)

    _replace(Committer, "settled", forgetful)


def auto_ack() -> None:
    """The MQTT link acknowledges what it has received, as client libraries do by default."""
    messages, acknowledge = MqttLink._messages, MqttLink.acknowledge

    async def hasty(self: MqttLink) -> AsyncIterator[list[Any]]:
        async for batch in messages(self):
            acknowledge(self, batch)
            yield batch

    _replace(MqttLink, "_messages", hasty)
    _replace(MqttLink, "acknowledge", lambda _self, _messages: None)


def ask_for_qos_2() -> None:
    """The MQTT link subscribes with QoS 2, whose state the client library keeps in memory."""

    def trustful(self: Client, filters: Sequence[str]) -> None:
        self.subscribe([(one, SubscribeOptions(qos=2)) for one in filters])

    _replace(Client, "subscribe_to", trustful)


def no_sync() -> None:
    """SQLite leaves it to the kernel when a commit reaches the disk."""

    def lax(path: Path, max_bytes: int) -> sqlite3.Connection:
        database = database_file.connect(path, max_bytes)
        database.execute("PRAGMA synchronous = OFF")
        return database

    _replace(journal, "connect", lax)


def reuse_sequences() -> None:
    """A start goes back by some sequences."""
    load = Journal._load

    def forgetful(self: Journal) -> None:
        load(self)
        self._delivered = max(self._delivered - REUSED, 0)
        self._next_sequence = self._delivered + 1
        self._db.execute("DELETE FROM queue WHERE sequence > ?", (self._delivered,))

    _replace(Journal, "_load", forgetful)
    _replace(HighMark, "read", lambda _self: ("", 0))  # it would notice


def skip_a_record() -> None:
    """One record is taken for delivered without being sent."""
    _before_sending(lambda records: [one for one in records if one.sequence != VICTIM])


def send_a_record_late() -> None:
    """One record goes behind some later ones, of its own sensor too."""
    late: list[Record] = []

    def delay(records: Sequence[Record]) -> list[Record]:
        late.extend(one for one in records if one.sequence == VICTIM)
        now = [one for one in records if one.sequence != VICTIM]
        if records[-1].sequence >= VICTIM + LATE_BY:
            now += late
            late.clear()
        return now

    _before_sending(delay)


def tear_a_record() -> None:
    """One record is sent without its last bytes."""
    _before_sending(
        lambda records: [replace(one, value=one.value[:-9]) if one.sequence == VICTIM else one for one in records]
    )


def keep_silent() -> None:
    """What becomes of Kafka is told to nobody."""

    class Mute:
        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_words, **_fields: None

    _replace(forwarding, "log", Mute())


def _before_sending(change: Callable[[Sequence[Record]], list[Record]]) -> None:
    send = KafkaSink.send

    async def changed(self: KafkaSink, records: Sequence[Record]) -> Receipt:
        left = change(records)
        return await send(self, left) if left else Receipt()

    _replace(KafkaSink, "send", changed)


def _replace(owner: object, name: str, other: object) -> None:
    setattr(owner, name, other)


SABOTAGES = (
    slow_commits,
    plain_sleep,
    ack_before_commit,
    forget_at_the_end,
    auto_ack,
    ask_for_qos_2,
    no_sync,
    reuse_sequences,
    skip_a_record,
    send_a_record_late,
    tear_a_record,
    keep_silent,
)

if __name__ == "__main__":
    for one in SABOTAGES:
        if one.__name__ in sys.argv[1].split(","):
            one()
    main(sys.argv[2:], prog_name="gateway")

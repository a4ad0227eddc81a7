import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from kafka import TopicPartition
from kafka.errors import OffsetOutOfRangeError

from dashboard.events import say
from dashboard.feed.library import Reader
from dashboard.feed.start import Start, starts

POLL_MS = 200
SILENT_S = 3.0  # a broker answers twice a second
ASIDE_S = 30.0
ANEW_S = 15.0  # without an answer: with a new consumer
LONGEST_PAUSE_S = 5.0
LOOK_S = 2.0


class Taker(Protocol):
    """Where records go; may block, and then reading waits."""

    def __call__(self, topic: str, partition: int, values: Sequence[bytes | None], *, live: bool) -> None:
        """Take records of a partition, in their order; `live`: they came just now."""


class Feed:
    """Follows the topics for ever, whatever becomes of Kafka; topics and partitions that come later, too.

    Attributes:
        heard_s: when a broker answered last, on the monotonic clock.
        trouble: why there is no answer, for a person; None: there is.
    """

    def __init__(
        self,
        servers: str,
        settings: Callable[[], Mapping[str, Any]],
        topics: Sequence[str],
        take: Taker,
        skip: Callable[[str, int], None],
    ) -> None:
        """Prepare it.

        Args:
            servers: of Kafka, comma-separated.
            settings: how it lets us in; asked for each new connection.
            topics: that of the readings first.
            take: where records go.
            skip: is told why, and how many, records cannot be read.
        """
        self._servers = servers
        self._settings = settings
        self._topics = topics
        self._take = take
        self._skip = skip
        self._next: dict[TopicPartition, int] = {}
        self._aside: dict[TopicPartition, float] = {}  # cannot be read; until when, on the monotonic clock
        self._ends: dict[TopicPartition, int] = {}  # what is before was there before the dashboard
        self._stopping = threading.Event()
        self.heard_s = float("-inf")
        self.trouble: str | None = "not asked yet"
        self._on_hour: Callable[[Mapping[TopicPartition, Start]], None] = lambda _: None
        self._thread = threading.Thread(target=self._run, name="kafka feed", daemon=True)

    def start(self, on_hour: Callable[[Mapping[TopicPartition, Start]], None]) -> None:
        """Begin; `on_hour` is told, in the feed's thread, of new partitions of which the hour before is to be read."""
        self._on_hour = on_hour
        self._thread.start()

    def stop(self) -> None:
        """Have the thread end; it is not waited for."""
        self._stopping.set()

    def is_up(self, now_s: float) -> bool:
        """Whether a broker has answered lately."""
        return now_s - self.heard_s < SILENT_S

    def _run(self) -> None:
        pause_s, told = 0.5, ""
        while not self._stopping.is_set():
            began_s = time.monotonic()
            try:
                self._follow()
            except Exception as exc:
                self.trouble = _words(exc, self._servers)
                if self.trouble != told:
                    told = self.trouble
                    say("feed_interrupted", reason=told)
            pause_s = 0.5 if time.monotonic() - began_s > ANEW_S * 2 else min(pause_s * 2, LONGEST_PAUSE_S)
            self._stopping.wait(pause_s)

    def _follow(self) -> None:
        reader = Reader(self._servers, self._settings(), "suhu-dashboard", self._heard)
        try:
            reader.assign(self._readable())
            asked_s = time.monotonic()
            while not self._stopping.is_set():
                self._begin_new(reader)
                try:
                    self._read(reader)
                except Exception:  # of any kind: a batch that cannot be unpacked fails in many ways
                    self._read_each(reader)
                silent_s = time.monotonic() - max(self.heard_s, asked_s)
                if silent_s > SILENT_S:
                    self.trouble = why_silent(self._servers, self._settings().get("ssl_context"))
                if silent_s > ANEW_S:
                    return
        finally:
            reader.close()

    def _begin_new(self, reader: Reader) -> None:
        over = [partition for partition, until_s in self._aside.items() if time.monotonic() > until_s]
        for partition in over:
            del self._aside[partition]
        new = reader.partitions(self._topics) - self._next.keys()
        if not new:
            if over:
                reader.assign(self._readable())
            return
        found = starts(reader, new, self._topics[0], time.time_ns() // 1_000_000)
        self._next |= {partition: start.tail for partition, start in found.items()}
        self._ends |= {partition: start.end for partition, start in found.items()}
        reader.assign(self._readable())
        self._on_hour({partition: start for partition, start in found.items() if start.hour < start.tail})

    def _read(self, reader: Reader) -> None:
        for partition, records in reader.poll(POLL_MS).items():
            end = self._ends[partition]
            before = [record.value for record in records if record.offset < end]
            live = [record.value for record in records if record.offset >= end]
            if before:
                self._take(partition.topic, partition.partition, before, live=False)
            if live:
                self._take(partition.topic, partition.partition, live, live=True)
            self._next[partition] = records[-1].offset + 1

    def _read_each(self, reader: Reader) -> None:
        """Read each partition by itself: one that cannot be read shall stop no other.

        When one fetch fails, the library throws away what it had of all partitions; each is read on from where it was.
        """
        for partition, offset in self._readable().items():
            if self._stopping.is_set():
                return
            reader.assign({partition: offset})
            try:
                self._read(reader)
            except OffsetOutOfRangeError:
                del self._next[partition]  # deleted before it was read, or the topic was made anew: begun anew
            except Exception as exc:
                if not getattr(exc, "retriable", False):  # else the next poll may do
                    self._put_aside(reader, partition, exc)
        reader.assign(self._readable())
        self._stopping.wait(0.2)

    def _put_aside(self, reader: Reader, partition: TopicPartition, exc: Exception) -> None:
        """Skip what is in a partition now, and look again later."""
        end = reader.ends([partition])[partition]
        skipped = end - self._next[partition]
        say(
            "partition_skipped", topic=partition.topic, partition=partition.partition, records=skipped, reason=repr(exc)
        )
        self._skip("unreadable", skipped)
        self._next[partition] = end
        self._aside[partition] = time.monotonic() + ASIDE_S

    def _readable(self) -> dict[TopicPartition, int]:
        return {partition: offset for partition, offset in self._next.items() if partition not in self._aside}

    def _heard(self) -> None:
        self.heard_s = time.monotonic()
        self.trouble = None


def why_silent(servers: str, tls: ssl.SSLContext | None) -> str:
    """Look why no broker answers.

    Args:
        servers: of Kafka, comma-separated; told of is the last one, or the first that takes connections.
        tls: what its certificate is to be checked with, where there is TLS.
    """
    why = ""
    for server in servers.split(","):
        host, _, port = server.rpartition(":")
        host = host.strip("[]")
        try:
            with socket.create_connection((host, int(port)), LOOK_S) as connection:
                if tls is not None:
                    tls.wrap_socket(connection, server_hostname=host).close()
        except ssl.SSLCertVerificationError as exc:
            return f"{server}: its certificate is refused ({exc.verify_message}): see ssl.truststore in --kafka-config"
        except ssl.SSLError as exc:
            why = f"{server} does not speak TLS ({exc.reason}): see security.protocol in --kafka-config"
        except (OSError, ValueError) as exc:
            why = f"{server} cannot be reached ({exc})"
        else:
            return f"{server} takes connections but does not answer: see its log, and --kafka-config for TLS and login"
    return why


def _words(exc: Exception, servers: str) -> str:
    told = str(exc) or type(exc).__name__
    return f"{servers}: {told}"

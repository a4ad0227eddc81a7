"""What a topic is like and what a client may do there, found out without writing anything."""

import threading
from dataclasses import dataclass

from kafka import errors as kafka_errors
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.produce import ProduceRequest
from kafka.record.memory_records import MemoryRecordsBuilder

from gateway.sinks.kafka_door import Door
from gateway.sinks.kafka_probe import Probe, Shut, Talk, log_in
from gateway.sinks.kafka_words import Failure

# A broker first looks who may write, then whether there is such a partition: nothing can be kept.
NO_PARTITION = 2_000_000_000
ANSWER_MS = 2_000


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """What was found."""

    partitions: int
    may_write: bool


class Exam(Probe):
    """Asks one broker more than a client needs to know.

    Args:
        door: where to, and as whom.
        topic: what the client wants to write to.
    """

    def __init__(self, door: Door, topic: str) -> None:
        super().__init__(door, topic, threading.Event())

    def facts(self) -> TopicFacts | Failure:
        """Go the whole way, and ask at its end; blocks for some seconds at most."""
        if (failure := self.look()) is not None:
            return failure
        try:
            return self._facts()
        except Shut as exc:
            return Failure(exc.kind, exc.detail)
        except (OSError, ValueError, LookupError, kafka_errors.KafkaError) as exc:
            return Failure("no_broker", f"it breaks off: {exc}")

    def _facts(self) -> TopicFacts:
        for server in self.door.servers:
            try:
                with self.connected(server) as talk:
                    return self._asked(talk)
            except OSError:
                continue  # another one has answered
        raise ConnectionError("no broker answers any more")

    def _asked(self, talk: Talk) -> TopicFacts:
        if self.door.login is not None:
            log_in(talk, self.door.login)
        metadata = talk.ask(MetadataRequest[1]([self.topic]))
        builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=1024)
        builder.append(timestamp=0, key=b"probe", value=b"probe")
        builder.close()
        request = ProduceRequest[7](None, -1, ANSWER_MS, [(self.topic, [(NO_PARTITION, builder.buffer())])])
        error = talk.ask(request).topics[0][1][0][1]
        return TopicFacts(
            partitions=len(metadata.topics[0][3]),
            may_write=error != kafka_errors.TopicAuthorizationFailedError.errno,
        )

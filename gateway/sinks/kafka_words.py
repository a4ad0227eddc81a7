"""What the client's errors mean, for a person."""

import logging
from collections.abc import Sequence

from kafka import errors as kafka_errors

from gateway.errors import SinkUnavailable

# The client logs every retry, several lines each; the gateway says once that Kafka is gone and once that it is back.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


def unavailable(exc: Exception, servers: Sequence[str], topic: str, *, connected: bool) -> SinkUnavailable:
    """Cause and remedy of an error that may pass.

    Args:
        exc: what the client raised.
        servers: the brokers that were asked.
        topic: the topic.
        connected: whether any of them answered.
    """
    where = ", ".join(servers)
    if isinstance(exc, kafka_errors.TopicAuthorizationFailedError):
        return SinkUnavailable(f"this client may not use the topic {topic}: ask for the permission")
    no_metadata = isinstance(exc, kafka_errors.KafkaTimeoutError) and "metadata" in str(exc)
    if isinstance(exc, kafka_errors.UnknownTopicOrPartitionError) or (connected and no_metadata):
        return SinkUnavailable(f"the broker at {where} has no topic {topic}: create it, with 3 partitions or more")
    if isinstance(exc, kafka_errors.KafkaTimeoutError | kafka_errors.KafkaConnectionError):
        return SinkUnavailable(f"no broker answers at {where}: check the address and that Kafka runs ({exc})")
    return SinkUnavailable(f"Kafka at {where} answers: {exc or type(exc).__name__}")

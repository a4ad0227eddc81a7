"""How Spark writes to Kafka, in every job."""

# The producer never gives up on a record: the ledger counts on it that no alert is left out of the order.
_NEVER_MS = str(2**31 - 1)
PRODUCER_OPTIONS = {
    "kafka.acks": "all",
    "kafka.enable.idempotence": "true",
    "kafka.linger.ms": "0",  # an alert waits for no other
    "kafka.delivery.timeout.ms": _NEVER_MS,
}

import logging
from collections.abc import Iterator

import kafka.protocol.parser
import kafka.sasl.scram
import pytest
from kafka import client_async, cluster, conn
from kafka.consumer import fetcher, group


@pytest.fixture(autouse=True)
def library_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the rest of the test run the library back as it comes."""
    monkeypatch.setattr(kafka.protocol.parser, "KafkaBytes", kafka.protocol.parser.KafkaBytes)
    monkeypatch.setattr(kafka.sasl.scram, "log", kafka.sasl.scram.log)
    for module in (client_async, cluster, conn, fetcher, group):
        monkeypatch.setattr(module, "time", module.time)
    level = logging.getLogger("kafka").level
    yield
    logging.getLogger("kafka").setLevel(level)

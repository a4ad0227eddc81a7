import logging
import time

import kafka.sasl.scram
import pytest
from kafka import client_async
from kafka.errors import KafkaProtocolError
from kafka.protocol.admin import ApiVersionRequest
from kafka.protocol.parser import KafkaProtocol

from dashboard.feed import library

NO_BROKERS = [b"\x15\x03\x03\x00\x02\x02\x28", b"HTTP/1.1 400", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff"]


@pytest.fixture(autouse=True)
def prepared(library_as_it_was: None) -> None:
    library.prepare()
    library.prepare()  # again: nothing more happens


def test_the_library_passes_by_what_is_put_right() -> None:
    assert type(KafkaProtocol()._header) is library.Frame
    assert kafka.sasl.scram.log.name == "kafka.sasl.scram"
    assert client_async.time.time is time.monotonic
    assert not logging.getLogger("kafka.conn").isEnabledFor(logging.CRITICAL)


@pytest.mark.parametrize(
    "answer", [b"\x15\x03\x03\x00\x02\x02\x28", b"HTTP/1.1 400", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff"]
)
def test_an_answer_of_impossible_length_is_refused_before_there_is_room_for_it(answer: bytes) -> None:
    protocol = KafkaProtocol()
    protocol.send_request(ApiVersionRequest[0]())
    with pytest.raises(KafkaProtocolError, match="no port without TLS"):
        protocol.receive_bytes(answer)

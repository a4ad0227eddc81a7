import socket
import struct
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import kafka.client_async
import kafka.protocol.parser
import kafka.sasl.scram
import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaProtocolError, KafkaTimeoutError
from kafka.protocol.admin import ApiVersionRequest
from kafka.protocol.frame import KafkaBytes
from kafka.protocol.parser import KafkaProtocol

from gateway.sinks import kafka_guards

TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"


@pytest.fixture(autouse=True)
def guards() -> None:
    kafka_guards.put_up()
    kafka_guards.put_up()  # again: nothing more happens


def test_the_library_passes_by_the_guards() -> None:
    assert type(KafkaProtocol()._header) is kafka_guards.Frame
    assert kafka.client_async.BrokerConnection is kafka_guards.Connection
    assert kafka.sasl.scram.ScramClient is kafka_guards.Scram
    assert kafka.sasl.scram.log.name == "kafka.sasl.scram"


@pytest.mark.parametrize("answer", [TLS_ALERT, b"HTTP/1.1 400", struct.pack(">i", 2**31 - 1), struct.pack(">i", -1)])
def test_an_answer_of_impossible_length_is_refused_before_there_is_room_for_it(answer: bytes) -> None:
    protocol = KafkaProtocol()
    protocol.send_request(ApiVersionRequest[0]())
    with pytest.raises(KafkaProtocolError, match="this is no Kafka broker, or no port without TLS"):
        protocol.receive_bytes(answer)


def test_a_long_answer_is_taken() -> None:
    assert len(kafka_guards.Frame(53_000_000)) == 53_000_000  # more than fetch.max.bytes


@pytest.mark.parametrize("iterations", [0, 1, 4_095, 1_000_001, 2**31 - 1, -4096])
def test_a_broker_cannot_have_the_password_hashed_too_seldom_or_for_ever(iterations: int) -> None:
    client = kafka_guards.Scram("u", "p", "SCRAM-SHA-512")
    with pytest.raises(ConnectionError, match="iterations of SCRAM"):
        client.process_server_first_message(f"r={client.nonce}x,s=c2FsdA==,i={iterations}")


# RFC 7677, section 3: the exchange printed there, with its own nonce and password.
def test_scram_gives_the_proof_of_the_standard() -> None:
    client = kafka_guards.Scram("user", "pencil", "SCRAM-SHA-256")
    client.nonce = "rOprNGfwEbeRWgbNEkqO"
    client.first_message()
    client.process_server_first_message(
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    )
    assert client.final_message() == (
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    client.process_server_final_message("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    with pytest.raises(ValueError, match="signature"):
        client.process_server_final_message("v=AAAA")


@contextmanager
def broker(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """A server that answers each request as `answer` says."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    link, _ = server.accept()
                    with link:
                        while data := link.recv(65_536):
                            link.sendall(answer(data))
                except OSError:
                    if server.fileno() < 0:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def ask(port: int, **settings: str) -> None:
    producer = KafkaProducer(
        bootstrap_servers=f"127.0.0.1:{port}", api_version=(2, 6, 0), max_block_ms=1_000, **settings
    )
    try:
        producer.partitions_for("t")
    finally:
        producer.close(timeout=0)


@pytest.mark.parametrize("guarded", [True, False])
def test_the_answer_of_a_tls_port_costs_no_memory(guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not guarded:  # the control: what the library does by itself
        monkeypatch.setattr("kafka.protocol.parser.KafkaBytes", KafkaBytes)
    tracemalloc.start()
    try:
        with broker(lambda _: TLS_ALERT) as port, pytest.raises(KafkaTimeoutError):
            ask(port)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (peak_bytes < 50_000_000) is guarded  # 352 MB


def test_a_login_that_is_answered_with_gigabytes_ends(caplog: pytest.LogCaptureFixture) -> None:
    def answer(request: bytes) -> bytes:
        if request[4:6] == b"\x00\x11":  # SaslHandshake: its correlation id, no error, one mechanism
            return (
                struct.pack(">i", 4 + 2 + 4 + 15) + request[8:12] + struct.pack(">hih13s", 0, 1, 13, b"SCRAM-SHA-512")
            )
        return struct.pack(">i", 2**31 - 1)

    login = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": "u", "sasl_plain_password": "p"}
    with caplog.at_level("DEBUG", "kafka"), broker(answer) as port, pytest.raises(KafkaTimeoutError):
        ask(port, security_protocol="SASL_PLAINTEXT", **login)
    assert "an answer of 2147483647 bytes to a login" in caplog.text

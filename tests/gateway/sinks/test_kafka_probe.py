"""Servers that are no broker, or none that can be trusted; tests/security has real ones."""

import base64
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from gateway.sinks.kafka_door import Door, Login
from gateway.sinks.kafka_probe import Probe
from gateway.sinks.kafka_words import Failure
from gateway.tls import Tls
from tests.certificates import certificate

Serve = Callable[[socket.socket], None]


@contextmanager
def server(serve: Serve) -> Iterator[str]:
    """Whoever connects is served, one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            while True:
                try:
                    link, _ = listening.accept()
                except OSError:
                    return
                with link:
                    try:
                        serve(link)
                    except OSError:
                        pass  # the probe has gone

        thread = threading.Thread(target=run)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def look(server: str, tls: Tls | None = None, login: Login | None = None) -> Failure:
    found = Probe(Door((server,), tls, login), "t", threading.Event()).look()
    assert found is not None
    return found


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\x00\x00\x04\xff\xff\xff\xff", b"\x00\x00"]
)
def test_a_server_of_something_else_is_no_broker(answer: bytes) -> None:
    def serve(link: socket.socket) -> None:
        link.recv(1_000)
        link.sendall(answer)

    with server(serve) as where:
        found = look(where)
    assert found.kind == "no_broker"
    assert found.detail.startswith("it accepts connections, but gives no answer of Kafka: ")


def test_a_server_that_speaks_only_old_tls_is_to_be_updated(tmp_path: Path) -> None:
    shown = certificate(tmp_path / "c", "127.0.0.1", trustme.CA())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate, shown.key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with server(lambda link: context.wrap_socket(link, server_side=True).close()) as where:
        assert look(where, Tls(shown.authority)).kind == "tls_version"


def test_a_gateway_that_stops_begins_nothing_more() -> None:
    closing = threading.Event()
    closing.set()
    found = Probe(Door(("127.0.0.1:1",)), "t", closing).look()
    assert found == Failure("other", "the gateway stops")


class Impostor:
    """Answers a login without knowing the password."""

    def __init__(self, iterations: int) -> None:
        self._iterations = iterations

    def __call__(self, link: socket.socket) -> None:
        while head := link.recv(4):
            request = link.recv(struct.unpack(">i", head)[0])
            api_key, _version, correlation = struct.unpack(">hhi", request[:8])
            body = self._answer(api_key, request)
            link.sendall(struct.pack(">ii", 4 + len(body), correlation) + body)

    def _answer(self, api_key: int, request: bytes) -> bytes:
        match api_key:
            case 18:  # ApiVersions: no error, none
                return struct.pack(">hi", 0, 0)
            case 17:  # SaslHandshake: no error, one mechanism
                return struct.pack(">hih13s", 0, 1, 13, b"SCRAM-SHA-512")
        nonce = request.partition(b",r=")[2]
        if b"n,,n=" in request:
            answer = b"r=%bmore,s=%b,i=%d" % (nonce, base64.b64encode(b"salt"), self._iterations)
        else:
            answer = b"v=" + base64.b64encode(b"no signature")
        return struct.pack(">hhi", 0, -1, len(answer)) + answer


def test_a_broker_that_does_not_know_the_password_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("canary-0a3c")
    login = Login("u", "SCRAM-SHA-512", tmp_path / "p")
    with server(Impostor(4_096)) as where:
        found = look(where, None, login)
    assert (found.kind, found.where) == ("login", where)
    assert found.detail == "it does not prove that it knows the password itself: is it the right broker?"
    with server(Impostor(2_000_000_000)) as where:
        found = look(where, None, login)
    assert found.kind == "no_broker"
    assert "the broker asks for 2000000000 iterations of SCRAM" in found.detail

"""Finds out why a client library gets no answer: goes the same way in steps, and says at which one it ends.

The libraries report a wrong password, an unknown authority and a broker that is off alike. Nothing is written, and a
password goes only where the client would send it too.
"""

import errno
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import errors as kafka_errors
from kafka.protocol.admin import ApiVersionRequest, SaslAuthenticateRequest, SaslHandShakeRequest
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.parser import KafkaProtocol

from gateway.sinks import kafka_guards
from gateway.sinks.kafka_door import Door, Login, NoPassword, address_of
from gateway.sinks.kafka_words import Failure, Kind
from gateway.tls import Fault, Tls, UnusableFile, fault_of

CLIENT_ID = "suhu-gateway-probe"  # what the broker's logs call it
STEP_S = 2.0  # for each connection and each answer
READ_BYTES = 65_536

KIND_OF_FAULT: dict[Fault, Kind] = {
    "expired": "certificate_expired",
    "not_yet_valid": "certificate_not_yet_valid",
    "wrong_host": "certificate_wrong_host",
    "unknown_authority": "certificate_unknown_authority",
    "unsound": "certificate_unsound",
    "client_certificate": "client_certificate",
    "old_version": "tls_version",
    "not_tls": "not_tls",
    "silent": "no_broker",
    "broken_off": "no_broker",
}


class Shut(Exception):
    """The way ends here."""

    def __init__(self, kind: Kind, detail: str) -> None:
        self.kind = kind
        self.detail = detail
        super().__init__(detail)


class Talk:
    """One request after the other on a connection; frames and messages are kafka-python-ng's."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._protocol = KafkaProtocol(client_id=CLIENT_ID, api_version=(2, 6, 0))

    def ask(self, request: Any) -> Any:
        """Send a request and wait for its answer.

        Raises:
            OSError: there is none: the connection was closed, or too slow.
            KafkaError: it is no answer of a broker.
        """
        self._protocol.send_request(request)
        self._link.sendall(self._protocol.send_bytes())
        while True:
            data = self._link.recv(READ_BYTES)
            if not data:
                raise ConnectionResetError("it closes the connection")
            for _, response in self._protocol.receive_bytes(data):
                return response


class Probe:
    """Looks for what keeps a client out.

    Args:
        door: where to, and as whom.
        topic: what the client wants to write to.
        closing: once it is set, no further broker is tried.
    """

    def __init__(self, door: Door, topic: str, closing: threading.Event) -> None:
        kafka_guards.put_up()
        self.door = door
        self.topic = topic
        self._closing = closing

    def look(self) -> Failure | None:
        """Go the whole way once; blocks for STEP_S per step and broker at most.

        Returns:
            What is wrong with it; None when nothing was found.
        """
        silent: Failure | None = None
        for server in self.door.servers:
            failure, brokers = self._try(server)
            if failure is None:
                return self._look_further(server, brokers)
            if failure.kind != "no_broker":
                return failure
            silent = silent or failure
        return silent and Failure("no_broker", silent.detail)  # of all of them

    def _look_further(self, server: str, brokers: set[str]) -> Failure | None:
        """Go to the brokers that this one names: that is where a client sends its records."""
        for broker in sorted(brokers - {server}):
            failure, _ = self._try(broker)
            if failure is not None and failure.kind not in {"no_topic", "forbidden"}:
                hint = f"{server} sends its clients there: its advertised.listeners; {failure.detail}"
                return Failure(failure.kind, hint, broker)
        return None

    def _try(self, server: str) -> tuple[Failure | None, set[str]]:
        """What is wrong at one broker, or which brokers it names."""
        if self._closing.is_set():
            return Failure("other", "the gateway stops"), set()
        try:
            return None, self._go(server)
        except Shut as exc:
            return Failure(exc.kind, exc.detail, server), set()
        except (UnusableFile, NoPassword) as exc:
            return Failure("files", str(exc)), set()
        except (OSError, ValueError, LookupError, kafka_errors.KafkaError, struct.error) as exc:
            return Failure("no_broker", f"it accepts connections, but gives no answer of Kafka: {exc}", server), set()

    def _go(self, server: str) -> set[str]:
        with self.connected(server) as talk:
            if self.door.login is not None:
                log_in(talk, self.door.login)
            try:
                answer = talk.ask(MetadataRequest[1]([self.topic]))
            except ConnectionError as exc:
                if self.door.login is None:
                    raise Shut("login", "it closes the connection to who has no name: set username") from exc
                raise
        match answer.topics[0][0]:
            case kafka_errors.TopicAuthorizationFailedError.errno:
                raise Shut("forbidden", "it may not even be described")
            case kafka_errors.UnknownTopicOrPartitionError.errno:
                raise Shut("no_topic", "unknown")
        return {f"{host}:{port}" for _, host, port, _ in answer.brokers}

    @contextmanager
    def connected(self, server: str) -> Iterator[Talk]:
        """A connection to a broker that has answered a first question of anybody's."""
        host, port = address_of(server)
        with self._linked(host, port) as link:
            talk = Talk(link)
            self._greet(talk, host, port)
            yield talk

    @contextmanager
    def _linked(self, host: str, port: int) -> Iterator[socket.socket]:
        context = None if self.door.tls is None else self.door.tls.context()
        try:
            link = socket.create_connection((host, port), STEP_S)
        except OSError as exc:
            full = exc.errno in {errno.EMFILE, errno.ENFILE}
            raise Shut("no_descriptor" if full else "no_broker", _words(exc)) from exc
        with link:
            if context is None:
                yield link
                return
            with context.wrap_socket(link, server_hostname=host, do_handshake_on_connect=False) as wrapped:
                try:
                    wrapped.do_handshake()
                except (OSError, ValueError) as exc:
                    self._explain(exc, host, port)
                yield wrapped

    @staticmethod
    def _explain(exc: OSError | ValueError, host: str, port: int) -> None:
        fault, why = fault_of(exc)
        if fault in {"broken_off", "not_tls"} and _answers_in_the_clear(host, port):
            raise Shut("not_tls", "it answers without") from exc
        raise Shut(KIND_OF_FAULT[fault], why) from exc

    def _greet(self, talk: Talk, host: str, port: int) -> None:
        """Ask what anyone may ask; with TLS 1.3 only now it turns out whether our certificate is taken."""
        try:
            talk.ask(ApiVersionRequest[0]())
        except ssl.SSLError as exc:
            fault, why = fault_of(exc)
            raise Shut(KIND_OF_FAULT[fault], why if self.door.tls and self.door.tls.cert_file else _none(why)) from exc
        except (OSError, kafka_errors.KafkaError) as exc:
            if isinstance(exc, TimeoutError):
                raise
            if self.door.tls is None and _speaks_tls(host, port):
                raise Shut("wants_tls", "") from exc
            raise


def log_in(talk: Talk, login: Login) -> None:
    """Say who we are, as far as it takes."""
    secret = login.password().get_secret_value()
    answer = talk.ask(SaslHandShakeRequest[1](login.mechanism))
    if answer.error_code == kafka_errors.UnsupportedSaslMechanismError.errno:
        raise Shut("mechanism", f"{login.mechanism}; it offers {', '.join(answer.enabled_mechanisms) or 'none'}")
    if answer.error_code == kafka_errors.IllegalSaslStateError.errno:
        raise Shut("mechanism", "it asks for none on this port: leave username out, or use another listener's port")
    if login.mechanism == "PLAIN":
        _authenticate(talk, login, f"\0{login.username}\0{secret}")
        return
    scram = kafka_guards.Scram(login.username, secret, login.mechanism)
    scram.process_server_first_message(_authenticate(talk, login, scram.first_message()))
    proof = _authenticate(talk, login, scram.final_message())
    try:
        scram.process_server_final_message(proof)
    except (ValueError, LookupError) as exc:
        raise Shut("login", "it does not prove that it knows the password itself: is it the right broker?") from exc


def _authenticate(talk: Talk, login: Login, message: str) -> str:
    answer = talk.ask(SaslAuthenticateRequest[0](message.encode()))
    if answer.error_code:
        raise Shut(
            "login",
            f"user {login.username!r}: {answer.error_message or kafka_errors.for_code(answer.error_code).description}",
        )
    return bytes(answer.sasl_auth_bytes or b"").decode()


def _answers_in_the_clear(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), STEP_S) as link:
            Talk(link).ask(ApiVersionRequest[0]())
    except (OSError, kafka_errors.KafkaError):
        return False
    return True


def _speaks_tls(host: str, port: int) -> bool:
    """Whether a handshake comes as far as a certificate; nothing is sent over it."""
    try:
        with (
            socket.create_connection((host, port), STEP_S) as link,
            Tls().context().wrap_socket(link, server_hostname=host),
        ):
            return True
    except ssl.SSLError as exc:
        return fault_of(exc)[0] not in {"not_tls", "broken_off"}
    except (OSError, ValueError):
        return False


def _words(exc: OSError) -> str:
    if isinstance(exc, socket.gaierror):
        return "its name is not known"
    return "no answer" if isinstance(exc, TimeoutError) else str(exc.strerror or exc)


def _none(why: str) -> str:
    return f"{why}; none is configured"

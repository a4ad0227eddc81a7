"""What keeps a client library out of Kafka is told apart, in the same words for both, and nothing is lost."""

import asyncio
import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.model import Record
from gateway.sinks.kafka_confluent import ConfluentClient
from gateway.sinks.kafka_door import Door, Login
from gateway.sinks.kafka_probe import Probe
from gateway.sinks.kafka_python import KafkaPythonClient
from gateway.sinks.kafka_sink import KafkaSink
from gateway.sinks.sink import Receipt
from gateway.tls import Tls
from sandbox.records import read_topic
from tests.security.guarded import GATEWAY, SPARK, USERS, Guarded

pytestmark = pytest.mark.system

RECORDS = [Record(sequence, b"S1", b"%d" % sequence, 1_795_316_645_678) for sequence in (1, 2, 3)]
names = (f"failure-{number}" for number in itertools.count())
Client = KafkaPythonClient | ConfluentClient


@pytest.fixture(params=[KafkaPythonClient, ConfluentClient])
def client(request: pytest.FixtureRequest) -> type[Client]:
    made: type[Client] = request.param
    return made


@pytest.fixture
def login(tmp_path: Path) -> Login:
    (tmp_path / "password").write_text(USERS[GATEWAY])
    return Login(GATEWAY, "SCRAM-SHA-512", tmp_path / "password")


def send(client: type[Client], door: Door, topic: str) -> Receipt:
    async def scenario() -> Receipt:
        sink = KafkaSink(client(door, topic, "test"), door, topic)
        try:
            return await sink.send(RECORDS)
        finally:
            await sink.close()

    return asyncio.run(scenario())


def assert_kept(receipt: Receipt, kind: str, told: str) -> None:
    assert [one.sequence for one in receipt.unsent] == [1, 2, 3]
    assert receipt.refused == []
    assert receipt.cause is not None
    assert (receipt.cause.kind, told in str(receipt.cause)) == (kind, True), str(receipt.cause)


def topic_of(guarded: Guarded, *users: str) -> str:
    topic = next(names)
    guarded.kafka.create_topic(topic, 3)
    for user in users:
        guarded.let_write(user, topic)
    return topic


def test_every_kind_of_login_over_tls_lands_its_records(
    client: type[Client], guarded: Guarded, tmp_path: Path, login: Login
) -> None:
    topic = topic_of(guarded, GATEWAY)
    ours = guarded.client(GATEWAY)
    tls = Tls(guarded.ca_file)
    gate, password_file = (guarded.kafka.servers("GATE"),), login.password_file
    doors = [
        Door(gate, tls, login),
        Door(gate, tls, Login(GATEWAY, "SCRAM-SHA-256", password_file)),
        Door(gate, tls, Login(GATEWAY, "PLAIN", password_file)),
        Door((guarded.kafka.servers("MTLS"),), Tls(guarded.ca_file, ours.certificate, ours.key)),
        Door((guarded.kafka.servers("BARE"),), None, login),
    ]
    for door in doors:
        assert send(client, door, topic) == Receipt()
    assert len(read_topic(guarded.kafka.bootstrap_servers, topic)) == 3 * len(doors)


@pytest.mark.parametrize(
    ("listener", "kind", "told"),
    [
        ("EXPIRED", "certificate_expired", "shows a certificate that has expired: renew it there"),
        ("EARLY", "certificate_not_yet_valid", "is not valid yet: set this machine's clock"),
        ("STRANGE", "certificate_unknown_authority", "of an authority that is not trusted here: name the authority's"),
        ("ELSEWHERE", "certificate_wrong_host", "certificate for another host (IP address mismatch, certificate is"),
    ],
)
def test_a_certificate_that_is_no_good_is_told_for_what_it_is(
    client: type[Client], guarded: Guarded, login: Login, listener: str, kind: str, told: str
) -> None:
    topic = topic_of(guarded, GATEWAY)
    servers = guarded.kafka.servers(listener)
    receipt = send(client, Door((servers,), Tls(guarded.ca_file), login), topic)
    assert_kept(receipt, kind, told)
    assert str(receipt.cause).startswith(f"the broker at {servers} shows a certificate")


def test_an_authority_of_the_operating_system_is_no_authority_of_ours(
    client: type[Client], guarded: Guarded, login: Login
) -> None:
    receipt = send(client, Door((guarded.kafka.servers("GATE"),), Tls(), login), topic_of(guarded, GATEWAY))
    assert_kept(receipt, "certificate_unknown_authority", "name the authority's with ca_file")


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"])
def test_a_wrong_password_and_an_unknown_user_are_told_with_the_remedy(
    client: type[Client], guarded: Guarded, tmp_path: Path, mechanism: str
) -> None:
    topic = topic_of(guarded, GATEWAY)
    (tmp_path / "wrong").write_text("canary-wrong-55e0")
    for user in (GATEWAY, "nobody"):
        login = Login(user, mechanism, tmp_path / "wrong")  # type: ignore[arg-type]  # of the list above
        receipt = send(client, Door((guarded.kafka.servers("GATE"),), Tls(guarded.ca_file), login), topic)
        assert_kept(receipt, "login", f"does not let us in (user '{user}': Authentication failed")
        assert "check username, what is in password_file, and the broker's users" in str(receipt.cause)
        assert "canary" not in str(receipt.cause)


def test_a_mechanism_that_the_broker_does_not_take_names_those_that_it_does(
    client: type[Client], guarded: Guarded, login: Login
) -> None:
    plain = Login(GATEWAY, "PLAIN", login.password_file)
    receipt = send(client, Door((guarded.kafka.servers("BARE"),), None, plain), topic_of(guarded, GATEWAY))
    assert_kept(receipt, "mechanism", "(PLAIN; it offers SCRAM-SHA-512, SCRAM-SHA-256): set mechanism to one that it")


def test_a_client_certificate_that_is_missing_strange_or_old_is_told(client: type[Client], guarded: Guarded) -> None:
    topic = topic_of(guarded, GATEWAY)
    strange = guarded.client("strange", authority=guarded.strangers)
    old = guarded.client("old", expired=True)
    for ours, told in (
        (Tls(guarded.ca_file), "BAD_CERTIFICATE; none is configured): check cert_file, key_file"),
        (Tls(guarded.ca_file, strange.certificate, strange.key), "CERTIFICATE_UNKNOWN): check cert_file, key_file"),
        (Tls(guarded.ca_file, old.certificate, old.key), "when they expire, and which authorities the broker trusts"),
    ):
        receipt = send(client, Door((guarded.kafka.servers("MTLS"),), ours), topic)
        assert_kept(receipt, "client_certificate", told)


def test_tls_where_there_is_none_and_none_where_there_is(client: type[Client], guarded: Guarded, login: Login) -> None:
    topic = topic_of(guarded, GATEWAY)
    tls = Tls(guarded.ca_file)
    for door, kind, told in (
        (
            Door((guarded.kafka.bootstrap_servers,), tls),
            "not_tls",
            "does not speak TLS on this port (it answers withou",
        ),
        (Door((guarded.kafka.servers("BARE"),), tls, login), "not_tls", "does not speak TLS on this port"),
        (Door((guarded.kafka.servers("GATE"),)), "wants_tls", "speaks only TLS on this port: set tls = true"),
        (Door((guarded.kafka.servers("GATE"),), None, login), "wants_tls", "speaks only TLS on this port"),
        (Door((guarded.kafka.servers("MTLS"),)), "wants_tls", "speaks only TLS on this port"),
    ):
        assert_kept(send(client, door, topic), kind, told)


def test_no_login_where_one_is_wanted_and_one_where_none_is(
    client: type[Client], guarded: Guarded, login: Login
) -> None:
    topic = topic_of(guarded, GATEWAY)
    for door, kind, told in (
        (Door((guarded.kafka.servers("GATE"),), Tls(guarded.ca_file)), "login", "who has no name: set username"),
        (Door((guarded.kafka.servers("BARE"),)), "login", "who has no name: set username"),
        (Door((guarded.kafka.bootstrap_servers,), None, login), "mechanism", "none on this port: leave username out"),
    ):
        assert_kept(send(client, door, topic), kind, told)


def test_a_topic_without_permission_is_told_and_takes_records_once_it_is_given(
    client: type[Client], guarded: Guarded, login: Login
) -> None:
    topic = topic_of(guarded, SPARK)
    door = Door((guarded.kafka.servers("GATE"),), Tls(guarded.ca_file), login)
    assert_kept(send(client, door, topic), "forbidden", f"this client may not use the topic {topic}: ask for the perm")
    guarded.allow_to_see(GATEWAY, topic)
    assert_kept(send(client, door, topic), "forbidden", "ask for the permission (DESCRIBE, with WRITE to send")
    guarded.let_write(GATEWAY, topic)
    assert send(client, door, topic) == Receipt()


def test_a_missing_topic_is_told_to_who_may_know(client: type[Client], guarded: Guarded, login: Login) -> None:
    topic = next(names)
    guarded.let_write(GATEWAY, topic)
    door = Door((guarded.kafka.servers("GATE"),), Tls(guarded.ca_file), login)
    assert_kept(send(client, door, topic), "no_topic", f"has no topic {topic}: create it, with 3 partitions or more")


def test_a_password_that_is_gone_is_told_and_a_new_one_is_read(
    client: type[Client], guarded: Guarded, login: Login
) -> None:
    topic = topic_of(guarded, GATEWAY)
    door = Door((guarded.kafka.servers("GATE"),), Tls(guarded.ca_file), login)
    assert login.password_file is not None
    login.password_file.unlink()
    assert_kept(send(client, door, topic), "files", f"cannot be read from {login.password_file} (No such file")
    login.password_file.write_text(USERS[GATEWAY])
    assert send(client, door, topic) == Receipt()


@contextmanager
def hole() -> Iterator[str]:
    """An address where connections are accepted by the kernel and nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_brokers_that_are_away_are_told_apart(client: type[Client], login: Login) -> None:
    with hole() as silent:
        for servers, told in (
            (
                ("127.0.0.1:1",),
                "no broker answers at 127.0.0.1:1: check the address and that Kafka runs (Connection ref",
            ),
            (("broker.invalid:9092",), "(its name is not known)"),
            ((silent,), "(it accepts connections, but gives no answer of Kafka: timed out)"),
            (("127.0.0.1:1", silent), f"no broker answers at 127.0.0.1:1, {silent}: check"),
        ):
            assert_kept(send(client, Door(servers, None, login), "t"), "no_broker", told)


def test_the_answer_of_one_broker_says_more_than_the_silence_of_another(guarded: Guarded, login: Login) -> None:
    servers = ("127.0.0.1:1", guarded.kafka.servers("STRANGE"))
    failure = Probe(Door(servers, Tls(guarded.ca_file), login), "t", threading.Event()).look()
    assert failure is not None
    assert (failure.kind, failure.where) == ("certificate_unknown_authority", servers[1])


def test_an_address_that_the_broker_names_and_nobody_reaches_is_told(client: type[Client], guarded: Guarded) -> None:
    servers = guarded.kafka.servers("LOST")
    receipt = send(client, Door((servers,)), topic_of(guarded))
    told = f"no broker answers at 127.0.0.1:1: check the address and that Kafka runs ({servers} sends its clients there"
    assert_kept(receipt, "no_broker", told)

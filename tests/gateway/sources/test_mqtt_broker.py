"""Who is let in by a real broker, and what is said when not."""

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from gateway.errors import SourceLost
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_topics import MqttSource
from gateway.tls import Tls
from sandbox.mosquitto import Mosquitto
from tests.certificates import Certificate, certificate, listener

SECRET = "canary-7f3a"  # noqa: S105 - a word that must not turn up in any message


@dataclass(frozen=True, slots=True)
class Guarded:
    """A broker that wants TLS and a password, and what opens it."""

    way: Broker
    server: Certificate
    strangers: Certificate
    plain_port: int


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    server = certificate(folder / "server", "127.0.0.1", trustme.CA())
    strangers = certificate(folder / "strangers", "127.0.0.1", trustme.CA())
    passwords = folder / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "pabrik", SECRET], check=True, capture_output=True)
    (folder / "password").write_text(SECRET + "\n")
    guard = listener(server, "allow_anonymous false", f"password_file {passwords}")
    with Mosquitto(folder, guard=guard) as broker:
        tls = Tls(ca_file=server.authority)
        way = Broker("127.0.0.1", broker.guarded_port, "g", "5", "pabrik", folder / "password", tls)
        yield Guarded(way, server, strangers, broker.port)


def open_once(broker: Broker) -> None:
    async def scenario() -> None:
        async with MqttSource(broker, ["t/{sensor_id}"], now=lambda: datetime.now(UTC)).open():
            pass

    asyncio.run(scenario())


def refusal(broker: Broker) -> SourceLost:
    with pytest.raises(SourceLost) as caught:
        open_once(broker)
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_tls_and_password_open_the_door(guarded: Guarded, protocol: str) -> None:
    open_once(replace(guarded.way, protocol=protocol))


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_wrong_password_an_unknown_user_and_nobody_are_told_apart(
    guarded: Guarded, tmp_path: Path, protocol: str
) -> None:
    way = replace(guarded.way, protocol=protocol)
    (tmp_path / "wrong").write_text(SECRET[:-1])
    wrong = refusal(replace(way, password_file=tmp_path / "wrong"))
    assert "does not let the user 'pabrik' in (Not authorized): check username, what is in password_file" in str(wrong)
    assert wrong.longest_pause_s == 10.0
    assert "does not let the user 'siapa' in" in str(refusal(replace(way, username="siapa")))
    nobody = refusal(replace(way, username=None, password_file=None))
    assert "lets nobody in without a name (Not authorized): set username and password_file" in str(nobody)


def test_an_authority_that_is_not_trusted_is_told(guarded: Guarded) -> None:
    told = "shows a certificate of an authority that is not trusted here: name the authority's with ca_file"
    assert told in str(refusal(replace(guarded.way, tls=Tls(ca_file=guarded.strangers.authority))))
    assert told in str(refusal(replace(guarded.way, tls=Tls())))


@pytest.mark.parametrize(
    ("name", "expired", "told"),
    [
        ("127.0.0.1", True, "shows a certificate that has expired: renew it there"),
        ("127.0.0.2", False, "shows a certificate that is not for '127.0.0.1': set host to a name that is in it"),
        ("broker.example", False, "shows a certificate that is not for '127.0.0.1'"),
    ],
)
def test_a_bad_certificate_is_told(tmp_path: Path, name: str, expired: bool, told: str) -> None:
    server = certificate(tmp_path / "server", name, trustme.CA(), expired=expired)
    with Mosquitto(tmp_path, guard=listener(server, "allow_anonymous true")) as broker:
        way = Broker("127.0.0.1", broker.guarded_port, "g", tls=Tls(ca_file=server.authority))
        lost = refusal(way)
    assert f"the MQTT broker 127.0.0.1:{way.port} {told}" in str(lost)
    assert lost.longest_pause_s == 10.0


def test_a_name_that_only_looks_alike_is_not_the_brokers(tmp_path: Path) -> None:
    server = certificate(tmp_path / "server", "localhost.example", trustme.CA())
    with Mosquitto(tmp_path, guard=listener(server, "allow_anonymous true")) as broker:
        way = Broker("localhost", broker.guarded_port, "g", tls=Tls(ca_file=server.authority))
        assert "is not for 'localhost'" in str(refusal(way))


def test_a_broker_that_speaks_no_newer_tls_than_1_1_is_refused(tmp_path: Path) -> None:
    server = certificate(tmp_path / "server", "127.0.0.1", trustme.CA())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    def greet(listening: socket.socket) -> None:
        with listening.accept()[0] as link, pytest.raises(ssl.SSLError):
            context.wrap_socket(link, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        old = threading.Thread(target=greet, args=[listening])
        old.start()
        way = Broker("127.0.0.1", listening.getsockname()[1], "g", tls=Tls(ca_file=server.authority))
        assert "speaks no TLS version from 1.2 on" in str(refusal(way))
        old.join()


def test_a_certificate_of_ours_is_shown_and_its_refusal_told(guarded: Guarded, tmp_path: Path) -> None:
    authority = trustme.CA()
    server = certificate(tmp_path / "server", "127.0.0.1", authority)
    ours = certificate(tmp_path / "ours", "gateway.example", authority)
    old = certificate(tmp_path / "old", "gateway.example", authority, expired=True)
    strict = ["allow_anonymous true", f"cafile {server.authority}", "require_certificate true"]
    with Mosquitto(tmp_path, guard=listener(server, *strict)) as broker:
        way = Broker("127.0.0.1", broker.guarded_port, "g")
        open_once(replace(way, tls=Tls(server.authority, ours.certificate, ours.key)))
        for tls in (
            Tls(server.authority),
            Tls(server.authority, old.certificate, old.key),
            Tls(server.authority, guarded.strangers.certificate, guarded.strangers.key),
        ):
            # Which of the two depends on whether its alert or the end of the connection is seen first.
            told = str(refusal(replace(way, tls=tls)))
            assert "does not accept our certificate" in told or "it may want another cert_file" in told


def test_tls_on_a_plain_port_and_the_reverse_are_told(guarded: Guarded) -> None:
    assert "check port, 8883 is usual, and tls" in str(refusal(replace(guarded.way, port=guarded.plain_port)))
    assert "does this port want tls = true?" in str(refusal(replace(guarded.way, tls=None)))


def test_files_that_cannot_be_used_are_named_with_the_remedy(guarded: Guarded, tmp_path: Path) -> None:
    way, ours = guarded.way, guarded.strangers
    (tmp_path / "text").write_text("no PEM\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    missing = tmp_path / "none"
    assert f"cannot be read from {missing} (No such file" in str(refusal(replace(way, password_file=missing)))
    assert "(it is not UTF-8): check password_file" in str(refusal(replace(way, password_file=tmp_path / "binary")))
    for tls in (Tls(missing), Tls(tmp_path / "text"), Tls(None, tmp_path / "text", ours.key)):
        assert "it must be a readable PEM file" in str(refusal(replace(way, tls=tls)))
    swapped = Tls(guarded.server.authority, ours.certificate, guarded.server.key)
    assert "key_file the unencrypted key of cert_file" in str(refusal(replace(way, tls=swapped)))


def test_a_broker_that_is_not_there_is_asked_again_soon() -> None:
    lost = refusal(Broker("127.0.0.1", 1, "g"))
    assert str(lost) == (
        "the MQTT broker 127.0.0.1:1 cannot be reached (Connection refused): check host and port, and that it runs"
    )
    assert lost.longest_pause_s == 3.0
    assert "its name is not known" in str(refusal(Broker("broker.invalid", 1883, "g")))

from pathlib import Path

import pytest
import trustme

from gateway.errors import ConfigError
from gateway.kafka_options import KafkaOptions
from gateway.sinks.kafka_door import Door, Login, NoPassword, door_of
from gateway.tls import Tls
from tests.certificates import certificate

CANARY = "canary-4b1d"
HERE = ("localhost:9092",)


def test_the_password_comes_from_the_file_before_the_credential_before_the_environment(tmp_path: Path) -> None:
    mine, credentials = tmp_path / "mine", tmp_path / "credentials"
    credentials.mkdir()
    environment = {"CREDENTIALS_DIRECTORY": str(credentials), "SUHU_KAFKA_PASSWORD": "of the environment"}
    login = Login("u", "SCRAM-SHA-512")
    assert login.password(environment).get_secret_value() == "of the environment"
    (credentials / "kafka-password").write_text("of the credential\n")
    assert login.password(environment).get_secret_value() == "of the credential"
    mine.write_text(" of the file \r\n")
    assert Login("u", "PLAIN", mine).password(environment).get_secret_value() == " of the file "


def test_a_password_that_is_not_there_names_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(NoPassword, match="set password_file, give systemd a credential named kafka-password, or set"):
        Login("u", "PLAIN").password({})
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name, told in (("none", "No such file"), ("empty", "there is no password in"), ("binary", "is not UTF-8")):
        with pytest.raises(NoPassword, match=told):
            Login("u", "PLAIN", tmp_path / name).password({})


def test_nothing_shows_the_password(tmp_path: Path) -> None:
    (tmp_path / "p").write_text(CANARY)
    login = Login("u", "PLAIN", tmp_path / "p")
    for shown in (repr(login), repr(login.password()), str(login.password()), repr(Door(HERE, Tls(), login))):
        assert CANARY not in shown


@pytest.mark.parametrize(
    ("door", "protocol"),
    [
        (Door(HERE), "PLAINTEXT"),
        (Door(HERE, Tls()), "SSL"),
        (Door(HERE, None, Login("u", "PLAIN")), "SASL_PLAINTEXT"),
        (Door(HERE, Tls(), Login("u", "PLAIN")), "SASL_SSL"),
    ],
)
def test_a_door_has_the_name_that_kafka_gives_it(door: Door, protocol: str) -> None:
    assert door.protocol == protocol


def test_files_that_cannot_be_used_end_the_start_with_their_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUHU_KAFKA_PASSWORD", raising=False)
    good, other = certificate(tmp_path / "a", "a", trustme.CA()), certificate(tmp_path / "b", "b", trustme.CA())
    (tmp_path / "text").write_text("no PEM")
    for options, told in (
        (KafkaOptions(tls=True, ca_file=tmp_path / "none"), "kafka.ca_file: .*none: No such file or directory"),
        (KafkaOptions(tls=True, ca_file=tmp_path / "text"), "kafka: .*text cannot be used .*: it must be a readable"),
        (KafkaOptions(tls=True, cert_file=good.certificate, key_file=other.key), "key_file the unencrypted key of"),
        (KafkaOptions(username="u"), "kafka: username is 'u', but there is no password: set password_file, give"),
        (KafkaOptions(username="u", password_file=tmp_path), "kafka.password_file: .* Is a directory"),
    ):
        with pytest.raises(ConfigError, match=told):
            door_of(options)

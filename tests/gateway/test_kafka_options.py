from pathlib import Path
from typing import Any

import pytest

from gateway.config import check
from gateway.errors import ConfigError


def kafka(**keys: Any) -> Any:
    return check({"kafka": keys}, "file").kafka


REMOTE = {"bootstrap_servers": ["localhost:9092", "kafka.example:9092"]}


@pytest.mark.parametrize("server", ["localhost:9092", "127.0.0.1:9092", "127.8.9.1:9092", "[::1]:9092"])
def test_a_login_to_this_machine_needs_no_tls(server: str) -> None:
    assert kafka(bootstrap_servers=[server], username="u").username == "u"


@pytest.mark.parametrize(
    "server", ["kafka.example:9092", "192.0.2.7:9092", "[2001:db8::1]:9092", "localhost.example:1"]
)
def test_a_password_in_the_clear_to_another_machine_is_refused_unless_it_is_said(server: str) -> None:
    host = server.rpartition(":")[0]
    with pytest.raises(ConfigError, match="in the clear: set tls = true; on a network where nobody") as refused:
        kafka(bootstrap_servers=["localhost:9092", server], username="u")
    assert str(refused.value).startswith(f"file: kafka: the login of 'u' would go to {host} in the clear")
    assert kafka(bootstrap_servers=[server], username="u", allow_plaintext=True).allow_plaintext
    assert kafka(bootstrap_servers=[server], username="u", tls=True).tls


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"password_file": "/p"}, "password_file and mechanism have a meaning only with username"),
        ({"mechanism": "PLAIN"}, "password_file and mechanism have a meaning only with username"),
        ({"ca_file": "/ca"}, "ca_file and cert_file have a meaning only with tls = true"),
        ({"cert_file": "/c", "key_file": "/k"}, "ca_file and cert_file have a meaning only with tls = true"),
        ({"tls": True, "cert_file": "/c"}, "cert_file and key_file go together: set both, or neither"),
        ({"tls": True, "key_file": "/k"}, "cert_file and key_file go together: set both, or neither"),
        ({"username": "u", "mechanism": "GSSAPI"}, "'SCRAM-SHA-512', 'SCRAM-SHA-256' or 'PLAIN', not 'GSSAPI'"),
        ({"username": ""}, "String should have at least 1 character"),
        ({"ssl_check_hostname": False}, "kafka.ssl_check_hostname: there is no such key"),
    ],
)
def test_contradictions_are_refused_with_the_place(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        kafka(**keys)
    assert told in str(refused.value)
    assert str(refused.value).startswith("file: kafka")


@pytest.mark.parametrize(
    "keys",
    [
        {"password": "canary-1"},
        {"username": "u", "password": "canary-1", "tls": "canary-1?"},
        {"sasl_plain_password": "canary-1"},
        {"bootstrap_servers": ["u:canary-1@kafka.example:9092"]},
    ],
)
def test_a_password_in_the_file_is_refused_and_not_shown(keys: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        kafka(**keys)
    assert "canary-1" not in str(refused.value).replace("canary-1?", "")


def test_a_relative_file_is_a_credential(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    options = kafka(tls=True, ca_file="ca.pem")
    with pytest.raises(ConfigError, match="is relative: give the whole path, or pass it in with"):
        options.files()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(ConfigError, match=r"ca\.pem: No such file or directory"):
        options.files()
    (tmp_path / "ca.pem").touch()
    assert options.files() == {"ca_file": tmp_path / "ca.pem"}

import socket
from pathlib import Path

import pytest
import trustme

from dashboard.errors import ConfigError, Unavailable
from dashboard.listen import Address, bind, check_tls, parse_address
from tests.certificates import certificate


@pytest.mark.parametrize(
    ("text", "address", "is_loopback", "is_any"),
    [
        ("127.0.0.1:8080", Address("127.0.0.1", 8080), True, False),
        ("[::1]:8080", Address("::1", 8080), True, False),
        ("localhost:0", Address("localhost", 0), True, False),
        ("0.0.0.0:80", Address("0.0.0.0", 80), False, True),  # noqa: S104 - nothing is bound
        ("[::]:80", Address("::", 80), False, True),
        ("192.168.1.7:80", Address("192.168.1.7", 80), False, False),
        ("plant.example:80", Address("plant.example", 80), False, False),
    ],
)
def test_addresses(text: str, address: Address, is_loopback: bool, is_any: bool) -> None:
    assert parse_address(text) == address
    assert (address.is_loopback, address.is_any) == (is_loopback, is_any)


@pytest.mark.parametrize(
    "text", ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000", "127.0.0.1:-1"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ConfigError, match=r"as in 127\.0\.0\.1:8080"):
        parse_address(text)


def test_what_a_person_opens() -> None:
    assert Address("::1", 0).url("https", 8443) == "https://[::1]:8443"
    assert Address("::", 0).url("http", 80) == "http://127.0.0.1:80"


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Unavailable, match="choose another address"):
        bind(Address("127.0.0.1", taken.getsockname()[1]))


def test_a_browser_that_takes_nothing_is_dropped_by_the_kernel() -> None:
    with bind(Address("127.0.0.1", 0)) as listening:
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


def test_certificates_are_tried_before_anything_starts(tmp_path: Path) -> None:
    authority = trustme.CA()
    one = certificate(tmp_path / "one", "127.0.0.1", authority)
    other = certificate(tmp_path / "other", "127.0.0.1", authority)
    check_tls(one.certificate, one.key)
    with pytest.raises(ConfigError, match="belong together"):
        check_tls(one.certificate, other.key)
    with pytest.raises(ConfigError, match=r"--tls-key .*No such file"):
        check_tls(one.certificate, tmp_path / "none")

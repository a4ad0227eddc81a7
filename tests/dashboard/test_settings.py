from pathlib import Path

import pytest

from dashboard.errors import ConfigError
from dashboard.listen import parse_address
from dashboard.settings import check_exposure, gateway_url, hosts, read_token


def test_the_token_is_what_the_file_holds(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("0123456789abcdef\n")
    assert read_token(file) == "0123456789abcdef"


@pytest.mark.parametrize(
    "text", ["", "short", "0123456789 abcdef", "0123456789;abcdef", "0123456789\nabcdef", "…" * 16]
)
def test_a_token_that_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="openssl rand -hex 24"):
        read_token(file)


@pytest.mark.parametrize("listen", ["127.0.0.1:80", "[::1]:80", "localhost:80"])
def test_this_machine_needs_neither_token_nor_tls(listen: str) -> None:
    check_exposure(parse_address(listen), has_token=False, has_tls=False, published_on_loopback=False)


@pytest.mark.parametrize("listen", ["0.0.0.0:80", "192.168.1.7:80", "[::]:80", "plant.example:80"])
def test_others_need_both(listen: str) -> None:
    address = parse_address(listen)
    check_exposure(address, has_token=True, has_tls=True, published_on_loopback=False)
    check_exposure(address, has_token=False, has_tls=False, published_on_loopback=True)
    for has_token, has_tls, missing in (
        (False, False, "--token-file and --tls-cert and --tls-key"),
        (True, False, "--tls-cert and --tls-key"),
        (False, True, "--token-file"),
    ):
        with pytest.raises(ConfigError, match=f"needs {missing};"):
            check_exposure(address, has_token=has_token, has_tls=has_tls, published_on_loopback=False)


def test_names_that_the_page_may_be_asked_for_under() -> None:
    local = {"localhost", "127.0.0.1", "::1"}
    assert hosts(parse_address("127.0.0.1:80"), (), "pc7") == local
    assert hosts(parse_address("0.0.0.0:80"), ("Suhu.Plant.Example",), "pc7") == local | {"pc7", "suhu.plant.example"}
    assert hosts(parse_address("192.168.1.7:80"), (), "pc7") == local | {"pc7", "192.168.1.7"}


def test_where_gateways_are_asked() -> None:
    assert gateway_url("http://127.0.0.1:9108") == "http://127.0.0.1:9108"
    for wrong in ("127.0.0.1:9108", "ftp://x", "http://", "file:///etc/passwd"):
        with pytest.raises(ConfigError, match="health"):
            gateway_url(wrong)

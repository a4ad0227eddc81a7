import pytest

from gateway.config import check
from gateway.errors import ConfigError
from gateway.health_options import HealthOptions


def test_it_is_off_unless_the_table_is_there_and_then_on_loopback() -> None:
    assert check({}, "t").health is None
    assert check({"health": {}}, "t").health == HealthOptions(listen="127.0.0.1:9108", allow_network=False, hosts=[])


@pytest.mark.parametrize("listen", ["127.0.0.1:9108", "localhost:9108", "[::1]:9108", "127.0.0.2:0"])
def test_loopback_needs_no_permission(listen: str) -> None:
    assert HealthOptions(listen=listen).listen == listen


@pytest.mark.parametrize("listen", ["0.0.0.0:9108", "[::]:9108", "192.0.2.7:9108", "gw.example:9108"])
def test_the_network_must_be_meant(listen: str) -> None:
    with pytest.raises(ConfigError, match="allow_network = true"):
        check({"health": {"listen": listen}}, "t")
    assert HealthOptions(listen=listen, allow_network=True).listen == listen


@pytest.mark.parametrize("listen", ["9108", "localhost", "localhost:", ":9108", "localhost:x", "localhost:65536"])
def test_an_address_that_is_none_is_refused_with_its_place(listen: str) -> None:
    with pytest.raises(ConfigError, match=r"t: health\.listen: '.*' is not host:port"):
        check({"health": {"listen": listen}}, "t")


def test_names_are_compared_without_case() -> None:
    assert HealthOptions(hosts=["GW.Example"]).hosts == ["gw.example"]

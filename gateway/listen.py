"""Addresses to listen on, as a configuration writes them."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator


def _checked(listen: str) -> str:
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > 65_535:
        msg = f"{listen!r} is not host:port, such as 127.0.0.1:8686"
        raise ValueError(msg)
    return listen


Listen = Annotated[str, AfterValidator(_checked)]  # host:port; port 0: any free one


def host_of(listen: str) -> str:
    """The host of a checked address, an IPv6 one without its brackets."""
    return listen.rpartition(":")[0].strip("[]")


def port_of(listen: str) -> int:
    """The port of a checked address."""
    return int(listen.rpartition(":")[2])


def is_loopback(host: str) -> bool:
    """Whether only this machine is behind the name."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"

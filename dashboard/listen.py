"""Where the page is served, and to whom."""

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from dashboard.errors import ConfigError, Unavailable

BACKLOG = 128
# A browser that acknowledges nothing for so long is gone: its socket and what waits in it are given back.
SILENT_PEER_MS = 30_000


@dataclass(frozen=True, slots=True)
class Address:
    """Host and port; port 0 is any free one."""

    host: str  # an IPv6 address without its brackets
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine is behind it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_any(self) -> bool:
        """Whether it stands for every address of the machine."""
        try:
            return ipaddress.ip_address(self.host).is_unspecified
        except ValueError:
            return False

    def url(self, scheme: str, port: int) -> str:
        """What a person opens."""
        host = "127.0.0.1" if self.is_any else self.host
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def parse_address(text: str) -> Address:
    """Read HOST:PORT.

    Raises:
        ConfigError: it is none.
    """
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > 65_535:
        raise ConfigError(f"--listen {text}: expected HOST:PORT, as in 127.0.0.1:8080")
    return Address(host.strip("[]"), int(port))


def check_tls(certificate: Path, key: Path) -> None:
    """See that browsers can be served with these.

    Raises:
        ConfigError: they cannot be read, or do not belong together.
    """
    for option, path in (("--tls-cert", certificate), ("--tls-key", key)):
        try:
            path.open("rb").close()
        except OSError as exc:
            raise ConfigError(f"{option} {path}: {exc.strerror}: it must be there, and this user may read it") from exc
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except OSError as exc:  # ssl.SSLError is one
        raise ConfigError(
            f"--tls-cert {certificate}: not usable with --tls-key {key} ({exc.strerror or exc}): both must be PEM, the "
            "key without a password, and belong together"
        ) from exc


def bind(address: Address) -> socket.socket:
    """Take the port.

    Raises:
        Unavailable: another program has it, or the machine has no such address.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, place = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_PEER_MS)
            listening.bind(place)
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
    except OSError as exc:
        raise Unavailable(
            f"--listen {address.host}:{address.port}: {exc.strerror or exc}: stop the program that has the port, or "
            "choose another address"
        ) from exc
    listening.setblocking(False)
    return listening

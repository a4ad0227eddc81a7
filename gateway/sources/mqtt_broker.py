"""The way to an MQTT broker: a socket, TLS, and what we show to be let in."""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gateway.errors import SourceLost
from gateway.sources.mqtt_refusals import ANSWER_PAUSE_S, LINK_PAUSE_S, not_connected, not_trusted
from gateway.tls import Tls, UnusableFile

CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker, and as whom we come to it. Files are read anew at each connection, so they may be exchanged."""

    host: str
    port: int
    client_id: str  # stable, so that the broker keeps the session while we are away
    protocol: Literal["5", "3.1.1"] = "5"
    username: str | None = None
    password_file: Path | None = None
    tls: Tls | None = None

    def __str__(self) -> str:
        return f"the MQTT broker {self.host}:{self.port}"

    def password(self) -> str | None:
        """What is in the password file, without the line end.

        Raises:
            SourceLost: it cannot be read.
        """
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text("utf-8").rstrip("\r\n")
        except OSError as exc:
            why = exc.strerror or type(exc).__name__
        except UnicodeDecodeError:
            why = "it is not UTF-8"  # its bytes are nobody's business
        raise SourceLost(
            f"the password for {self} cannot be read from {self.password_file} ({why}): "
            "check password_file and that the gateway's user may read it",
            ANSWER_PAUSE_S,
        )

    def dial(self) -> socket.socket:
        """Connect, and agree on TLS; blocks for CONNECT_TIMEOUT_S at most for each address and step.

        Raises:
            SourceLost: it names the cause and the remedy.
        """
        context = None if self.tls is None else self._context(self.tls)
        try:
            plain = socket.create_connection((self.host, self.port), CONNECT_TIMEOUT_S)
        except OSError as exc:
            raise SourceLost(f"{self} cannot be reached {not_connected(exc)}", LINK_PAUSE_S) from exc
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is None:
            return plain
        # The handshake is a step of its own: when it fails inside wrap_socket, nobody closes the socket.
        wrapped = context.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        try:
            wrapped.do_handshake()
        except (OSError, ValueError) as exc:
            wrapped.close()
            broke_off = isinstance(exc, ssl.SSLEOFError) or not isinstance(exc, ssl.SSLError)
            pause_s = LINK_PAUSE_S if broke_off else ANSWER_PAUSE_S
            raise SourceLost(f"{self} {not_trusted(exc, self.host)}", pause_s) from exc
        return wrapped

    def _context(self, tls: Tls) -> ssl.SSLContext:
        try:
            return tls.context()
        except UnusableFile as exc:
            raise SourceLost(f"for {self} {exc}", ANSWER_PAUSE_S) from exc

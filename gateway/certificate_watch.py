"""Says in time which certificates are about to end: ours, those we trust, and those that brokers show."""

import asyncio
import math
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from gateway.certificate import Certificate, certificate_of, certificates_in
from gateway.config import Config
from gateway.sinks.kafka_door import address_of
from gateway.tls import Tls

log = structlog.get_logger()

AHEAD = timedelta(days=14)
AGAIN_S = 86_400.0
CONNECT_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Way:
    """TLS to some servers."""

    tls: Tls
    servers: tuple[tuple[str, int], ...]  # host and port


class CertificateWatch:
    """Looks at the start and once a day.

    Attributes:
        ends_at_s: by file or server, the Unix time at which its first certificate ends; {} before the first look.

    Args:
        ways: every use of TLS that has files or servers to look at.
        now: the wall clock.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        ways: Sequence[Way],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ways = ways
        self._now = now
        self._sleep = sleep
        self.ends_at_s: dict[str, float] = {}

    async def run(self) -> None:
        """Look until cancelled; what cannot be read or reached is told by who needs it."""
        while self._ways:
            found = await asyncio.to_thread(self._found)
            self.ends_at_s = _first_ends(found)
            for fields, certificate in found:
                self._tell(fields, certificate)
            await self._sleep(AGAIN_S)

    def _tell(self, fields: dict[str, str], certificate: Certificate) -> None:
        left = certificate.ends_at - self._now()
        if left > AHEAD:
            return
        log.warning(
            "certificate_ends",
            **fields,
            subject=certificate.subject,
            ends=certificate.ends_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            days_left=left.days,
            remedy="renew it there" if "server" in fields else "renew it, put it in this place, then reload",
        )

    def _found(self) -> list[tuple[dict[str, str], Certificate]]:
        files = {path for way in self._ways for path in (way.tls.ca_file, way.tls.cert_file) if path is not None}
        found = [({"file": str(path)}, one) for path in sorted(files) for one in _read(path)]
        for way in self._ways:
            for host, port in way.servers:
                found += [({"server": f"{host}:{port}"}, one) for one in _shown(host, port, way.tls)]
        return found


def ways(config: Config) -> list[Way]:
    """Where a configuration uses TLS.

    Raises:
        ConfigError: a file of it cannot be read.
    """
    kafka = config.kafka
    pairs = [(kafka.encryption(), tuple(address_of(server) for server in kafka.bootstrap_servers))]
    pairs += [(mqtt.encryption(), ((mqtt.host, mqtt.port),)) for mqtt in config.mqtt]
    return [Way(tls, servers) for tls, servers in pairs if tls is not None]


def _first_ends(found: list[tuple[dict[str, str], Certificate]]) -> dict[str, float]:
    ends: dict[str, float] = {}
    for fields, certificate in found:
        (place,) = fields.values()
        ends[place] = min(certificate.ends_at.timestamp(), ends.get(place, math.inf))
    return ends


def _read(path: Path) -> list[Certificate]:
    try:
        return certificates_in(path.read_text("ascii", errors="replace"))
    except (OSError, ValueError):
        return []


def _shown(host: str, port: int, tls: Tls) -> Iterator[Certificate]:
    try:
        with (
            socket.create_connection((host, port), CONNECT_TIMEOUT_S) as link,
            tls.context().wrap_socket(link, server_hostname=host) as wrapped,
        ):
            der = wrapped.getpeercert(binary_form=True)
    except (OSError, ValueError):
        return
    if der is not None:
        yield certificate_of(der)

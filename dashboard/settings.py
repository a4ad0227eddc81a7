from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.errors import ConfigError
from dashboard.kafka_config import KafkaConfig
from dashboard.listen import Address
from dashboard.machines import Machines

SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line asked for, checked."""

    bootstrap_servers: str
    topic: str
    kafka: KafkaConfig
    listen: Address
    allowed_hosts: frozenset[str]  # in lower case, without ports
    token: str | None
    tls: tuple[Path, Path] | None  # certificate, key
    history: Path | None
    machines: Machines
    machines_file: Path | None
    gateways: tuple[str, ...]
    language: str  # auto, or the one that everybody gets
    stale_after_s: float
    max_clients: int
    max_sensors: int

    @property
    def scheme(self) -> str:
        """How the page is asked for."""
        return "https" if self.tls else "http"

    @property
    def topics(self) -> tuple[str, ...]:
        """The readings first."""
        return (self.topic, *(f"{self.topic}-{kind}" for kind in ("alerts", "stats", "incidents")))


def read_token(path: Path) -> str:
    """Read the secret that opens the page.

    Raises:
        ConfigError: there is none, or one that can be guessed.
    """
    try:
        token = path.read_text("ascii").strip()
    except OSError as exc:
        raise ConfigError(f"--token-file {path}: {exc.strerror}: it must be there, and this user may read it") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"--token-file {path}: not plain ASCII: make one with openssl rand -hex 24") from exc
    if len(token) < SHORTEST_TOKEN or not token.isprintable() or set(token) & set(' ";,\\'):
        raise ConfigError(
            f"--token-file {path}: expected {SHORTEST_TOKEN} characters or more, without spaces, quotes, commas and "
            "semicolons: make one with openssl rand -hex 24"
        )
    return token


def check_exposure(listen: Address, *, has_token: bool, has_tls: bool, published_on_loopback: bool) -> None:
    """See that nobody outside of this machine gets the page without a token, or sees one on its way.

    Raises:
        ConfigError: the address can be reached from outside, and one of the two is missing.
    """
    if listen.is_loopback or published_on_loopback:
        return
    missing = [
        option for option, has in (("--token-file", has_token), ("--tls-cert and --tls-key", has_tls)) if not has
    ]
    if missing:
        raise ConfigError(
            f"--listen {listen.host}: other machines can reach it, so it needs {' and '.join(missing)}; or listen on "
            "127.0.0.1; in a container whose port is published on the host's loopback only: --published-on-loopback"
        )


def gateway_url(text: str) -> str:
    """Check where a gateway is to be asked.

    Raises:
        ConfigError: it is no address of a web server.
    """
    found = urlsplit(text)
    if found.scheme not in {"http", "https"} or not found.hostname:
        raise ConfigError(f"--gateway {text}: expected its [health] port, as in http://127.0.0.1:9108")
    return text


def hosts(listen: Address, extra: Sequence[str], machine: str) -> frozenset[str]:
    """Under which names the page may be asked for: what a browser shows in its address bar.

    Any other name is one that somebody else's page had pointed here (DNS rebinding).
    """
    names = {"localhost", "127.0.0.1", "::1", *extra}
    if not listen.is_any:
        names.add(listen.host)
    if not listen.is_loopback:
        names.add(machine)
    return frozenset(name.strip("[]").lower() for name in names)

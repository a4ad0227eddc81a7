from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class KafkaState:
    """How the link to Kafka is."""

    up: bool
    since_ms: int  # UTC
    why: str | None  # when it is down

    def shown(self) -> dict[str, Any]:
        """As the page gets it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class GatewayState:
    """How a gateway is, as its health port tells; None: not known."""

    url: str
    up: bool
    backlog: int | None = None  # records that Kafka has not acknowledged
    last_delivery_ms: int | None = None  # UTC
    devices_up: int | None = None
    devices_down: int | None = None
    why: str | None = None  # when it is not up

    def shown(self) -> dict[str, Any]:
        """As the page gets it."""
        return asdict(self)

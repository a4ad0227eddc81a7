"""What a user says of the health port: the keys of [health]."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from gateway.listen import Listen, host_of, is_loopback
from gateway.section import Section

HostName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,253}$", to_lower=True)]


class HealthOptions(Section):
    """[health]: where metrics and health are told."""

    listen: Listen = "127.0.0.1:9108"
    allow_network: bool = False
    hosts: list[HostName] = Field(default=[])

    @model_validator(mode="after")
    def _network_is_meant(self) -> "HealthOptions":
        if not (is_loopback(host_of(self.listen)) or self.allow_network):
            msg = (
                f"{self.listen} tells everyone in the network which sensors there are and how warm: listen on "
                "127.0.0.1, or permit it with allow_network = true"
            )
            raise ValueError(msg)
        return self

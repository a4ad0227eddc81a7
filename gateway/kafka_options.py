import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from gateway.broker_login import BrokerLogin
from gateway.listen import is_loopback

HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/@]+):(?P<port>[0-9]{1,5})")

Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


class KafkaOptions(BrokerLogin):
    """[kafka]."""

    bootstrap_servers: list[str] = Field(default=["localhost:9092"], min_length=1)
    topic: str = Field(default="sensor-suhu", pattern=r"^[A-Za-z0-9._-]{1,249}$")
    rejected_topic: str = Field(default="sensor-suhu-rejected", pattern=r"^[A-Za-z0-9._-]{0,249}$")
    client: Literal["kafka-python-ng", "confluent"] = "kafka-python-ng"
    mechanism: Mechanism = "SCRAM-SHA-512"

    @field_validator("bootstrap_servers")
    @classmethod
    def _servers_have_ports(cls, servers: list[str]) -> list[str]:
        for server in servers:
            match = HOST_AND_PORT.fullmatch(server)
            if match is None or not 0 < int(match["port"]) < 65_536:
                # A URL may have a password in it: what stands before its @ is not shown.
                msg = f"{server.rpartition('@')[2]!r} is not host:port, such as kafka.example:9092"
                raise ValueError(msg)
        return servers

    @model_validator(mode="after")
    def _login_is_whole(self) -> "KafkaOptions":
        if self.username is None and (self.password_file or self.mechanism != "SCRAM-SHA-512"):
            msg = "password_file and mechanism have a meaning only with username"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> "KafkaOptions":
        if self.username is None or self.tls or self.allow_plaintext:
            return self
        for server in self.bootstrap_servers:
            host = server.rpartition(":")[0]
            if not is_loopback(host):
                msg = (
                    f"the login of {self.username!r} would go to {host} in the clear: set tls = true; on a network "
                    "where nobody can listen, allow_plaintext = true permits it"
                )
                raise ValueError(msg)
        return self

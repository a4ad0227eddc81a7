import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from gateway.listen import is_loopback
from gateway.secret_files import readable, require_no_password
from gateway.section import Section
from gateway.tls import Tls

HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/@]+):(?P<port>[0-9]{1,5})")
MAX_USERNAME_CHARS = 1024

Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


class KafkaOptions(Section):
    """[kafka]."""

    bootstrap_servers: list[str] = Field(default=["localhost:9092"], min_length=1)
    topic: str = Field(default="sensor-suhu", pattern=r"^[A-Za-z0-9._-]{1,249}$")
    rejected_topic: str = Field(default="sensor-suhu-rejected", pattern=r"^[A-Za-z0-9._-]{0,249}$")
    client: Literal["kafka-python-ng", "confluent"] = "kafka-python-ng"
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str | None = Field(default=None, min_length=1, max_length=MAX_USERNAME_CHARS)
    password_file: Path | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"
    allow_plaintext: bool = False

    def files(self) -> dict[str, Path]:
        """Where the files are that this table names, by key; a relative path is the name of a systemd credential.

        Raises:
            ConfigError: one cannot be read by this process.
        """
        named = {
            "password_file": self.password_file,
            "ca_file": self.ca_file,
            "cert_file": self.cert_file,
            "key_file": self.key_file,
        }
        return {key: readable(path, key) for key, path in named.items() if path is not None}

    def encryption(self) -> Tls | None:
        """What TLS is to be spoken with; None: it is not. Raises as `files` does."""
        files = self.files()
        return Tls(files.get("ca_file"), files.get("cert_file"), files.get("key_file")) if self.tls else None

    @model_validator(mode="before")
    @classmethod
    def _no_password_in_the_file(cls, table: Any) -> Any:
        require_no_password(table)
        return table

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
        if (self.ca_file or self.cert_file or self.key_file) and not self.tls:
            msg = "ca_file, cert_file and key_file have a meaning only with tls = true"
            raise ValueError(msg)
        if (self.cert_file is None) != (self.key_file is None):
            msg = "cert_file and key_file go together: set both, or neither"
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

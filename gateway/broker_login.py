from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from gateway.secret_files import readable
from gateway.section import Section
from gateway.tls import Tls

MAX_USERNAME_CHARS = 1024


class BrokerLogin(Section):
    """The keys that say how a broker is to be trusted and what it is shown, of a table for Kafka or MQTT."""

    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    username: str | None = Field(default=None, min_length=1, max_length=MAX_USERNAME_CHARS)
    password_file: Path | None = None
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
        if isinstance(table, dict) and "password" in table:
            msg = (
                "a password does not belong into this file: write it into a file that only the gateway's user "
                "can read, and name that one with password_file"
            )
            raise ValueError(msg)
        return table

    @model_validator(mode="after")
    def _certificates_are_whole(self) -> "BrokerLogin":
        if (self.ca_file or self.cert_file) and not self.tls:
            msg = "ca_file and cert_file have a meaning only with tls = true"
            raise ValueError(msg)
        if (self.cert_file is None) != (self.key_file is None):
            msg = "cert_file and key_file go together: set both, or neither"
            raise ValueError(msg)
        return self

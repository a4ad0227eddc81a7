"""Where Kafka is, what we show to be let in, and what we trust."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from gateway.errors import ConfigError
from gateway.kafka_options import KafkaOptions, Mechanism
from gateway.secret_files import credential
from gateway.tls import Tls, UnusableFile

PASSWORD_VARIABLE = "SUHU_KAFKA_PASSWORD"  # noqa: S105 - the name of a variable, not what is in it
PASSWORD_CREDENTIAL = "kafka-password"  # noqa: S105 - likewise; deploy/systemd loads it where it exists


class NoPassword(ValueError):
    """The password cannot be had; the text says from where, and never what is there."""


@dataclass(frozen=True, slots=True)
class Login:
    """A user of Kafka (SASL)."""

    username: str
    mechanism: Mechanism
    password_file: Path | None = None  # None: systemd's credential, else the environment

    def password(self, environment: Mapping[str, str] = os.environ) -> SecretStr:
        """Read it, as it is now, without the line end.

        Raises:
            NoPassword: there is none.
        """
        file = self.password_file
        if file is None:
            file = credential(PASSWORD_CREDENTIAL, environment)
            if file is None or not file.exists():
                return self._from(environment)
        try:
            secret = SecretStr(file.read_text("utf-8").rstrip("\r\n"))
        except OSError as exc:
            why = exc.strerror or type(exc).__name__
            raise NoPassword(
                f"the password of {self.username!r} cannot be read from {file} ({why}): it must be there, "
                "and the gateway's user may read it"
            ) from exc
        except UnicodeDecodeError:  # its bytes are nobody's business
            raise NoPassword(f"the password of {self.username!r} in {file} is not UTF-8: write it anew") from None
        if not secret:
            raise NoPassword(f"there is no password in {file}: write that of {self.username!r} into it, in one line")
        return secret

    def _from(self, environment: Mapping[str, str]) -> SecretStr:
        if secret := environment.get(PASSWORD_VARIABLE):
            return SecretStr(secret)
        raise NoPassword(
            f"username is {self.username!r}, but there is no password: set password_file, give systemd a credential "
            f"named {PASSWORD_CREDENTIAL}, or set {PASSWORD_VARIABLE} in the environment"
        )


@dataclass(frozen=True, slots=True)
class Door:
    """The way to the brokers. Files are read anew by each new connection of ours, so they may be exchanged."""

    servers: tuple[str, ...]  # host:port, for a start: the brokers name all others
    tls: Tls | None = None
    login: Login | None = None

    @property
    def protocol(self) -> str:
        """What Kafka's clients call it (security.protocol)."""
        inner = "SSL" if self.tls else "PLAINTEXT"
        return f"SASL_{inner}" if self.login else inner


def address_of(server: str) -> tuple[str, int]:
    """Host and port of `host:port`, where an IPv6 address stands in brackets."""
    host, _, port = server.rpartition(":")
    return host.strip("[]"), int(port)


def door_of(options: KafkaOptions) -> Door:
    """The door that a configuration describes, tried as far as that needs no broker.

    Raises:
        ConfigError: a file cannot be used, or there is no password; names the key.
    """
    try:
        files, tls = options.files(), options.encryption()
    except ConfigError as exc:
        raise ConfigError(f"kafka.{exc}") from exc
    login = None
    if options.username is not None:
        login = Login(options.username, options.mechanism, files.get("password_file"))
    try:
        if tls is not None:
            tls.context()
        if login is not None:
            login.password()
    except (UnusableFile, NoPassword) as exc:
        raise ConfigError(f"kafka: {exc}") from exc
    return Door(tuple(options.bootstrap_servers), tls, login)

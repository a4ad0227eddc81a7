"""What a user says of HTTP sources: the keys of one [[http]] table and of [http_server]."""

import os
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from gateway.decode.device import Device, JsonPath, Keys, Text
from gateway.errors import ConfigError
from gateway.listen import Listen, host_of, is_loopback, port_of

HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,1024}")


class Body(Keys):
    """What both directions share: a JSON body, and a secret that stands in a file or in the environment."""

    sensor_id: Text | None = None  # of a body that names none
    json_paths: list[JsonPath] = Field(default=[])
    token_file: Path | None = None
    token_env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None

    @model_validator(mode="after")
    def _one_token(self) -> "Body":
        if self.token_file is not None and self.token_env is not None:
            msg = "token_file and token_env are both set: one of them"
            raise ValueError(msg)
        return self

    @property
    def has_token(self) -> bool:
        """Whether one is configured."""
        return self.token_file is not None or self.token_env is not None

    def device(self) -> Device:
        """How the body is to be decoded."""
        return Device(decoder="json", sensor_id=self.sensor_id, json_paths=self.json_paths)

    def token(self) -> str | None:
        """The secret, read anew each time so that it can be changed.

        Raises:
            ConfigError: it is configured, and not there.
        """
        if self.token_file is not None:
            try:
                text = self.token_file.read_text("ascii").strip()
            except (OSError, UnicodeDecodeError) as exc:
                raise ConfigError(f"token_file: {self.token_file} cannot be read: {exc}") from exc
            where = f"token_file: {self.token_file}"
        elif self.token_env is not None:
            text, where = os.environ.get(self.token_env, "").strip(), f"token_env: {self.token_env}"
        else:
            return None
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise ConfigError(f"{where} holds no token: one word of printable ASCII is expected")
        return text


class HttpOptions(Body):
    """One [[http]]: an API that is asked again and again."""

    url: str
    interval_s: float = Field(default=1.0, ge=0.05, le=86_400)
    timeout_s: float = Field(default=5.0, ge=0.05, le=300)
    headers: dict[str, SecretStr] = Field(default={})
    ca_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _url_is_one(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = f"{url!r} is no address such as https://api.example/readings"
            raise ValueError(msg)
        if parts.username is not None or parts.password is not None:
            msg = "no password in the address, where logs would show it: use token_file, token_env or headers"
            raise ValueError(msg)
        return url

    @field_validator("headers")
    @classmethod
    def _headers_are_some(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            if not (HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(value.get_secret_value())):
                msg = f"{name!r} or what it carries is no HTTP header"
                raise ValueError(msg)
        return headers

    @model_validator(mode="after")
    def _token_is_not_shown(self) -> "HttpOptions":
        parts = urlsplit(self.url)
        if self.has_token and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            msg = f"a token would cross the network in the clear: {self.url!r} must begin with https://"
            raise ValueError(msg)
        return self


class HttpServerOptions(Body):
    """[http_server]: readings that others POST."""

    listen: Listen = "127.0.0.1:8686"

    @model_validator(mode="after")
    def _network_needs_a_token(self) -> "HttpServerOptions":
        if not is_loopback(self.host) and not self.has_token:
            msg = f"{self.listen} is open to the network: set token_file or token_env, or listen on 127.0.0.1"
            raise ValueError(msg)
        return self

    @property
    def host(self) -> str:
        """Where to listen."""
        return host_of(self.listen)

    @property
    def port(self) -> int:
        """Where to listen; 0: any free port."""
        return port_of(self.listen)

from typing import Literal

from pydantic import Field, field_validator, model_validator

from gateway.broker_login import BrokerLogin
from gateway.decode import Device
from gateway.listen import is_loopback

PORT, TLS_PORT = 1883, 8883  # as registered with IANA


def _checked_filters(topics: list[str]) -> list[str]:
    for topic in topics:
        levels = topic.split("/")
        if topic == "#":
            msg = "'#' alone subscribes to everything on the broker: name the topics of the sensors"
            raise ValueError(msg)
        for place, level in enumerate(levels):
            if level in {"+", "{sensor_id}"} or (level == "#" and place == len(levels) - 1):
                continue
            if any(sign in level for sign in "+#{}\0"):
                msg = f"{topic!r}: +, {{sensor_id}} and a last # stand alone between slashes"
                raise ValueError(msg)
        if levels.count("{sensor_id}") > 1:
            msg = f"{topic!r} has {{sensor_id}} twice"
            raise ValueError(msg)
    return topics


class MqttDevice(Device):
    """One [[mqtt.devices]]: what cannot be seen from a message itself, see docs/mqtt-devices.md."""

    topics: list[str] = Field(min_length=1)

    @field_validator("topics")
    @classmethod
    def _topics_are_filters(cls, topics: list[str]) -> list[str]:
        return _checked_filters(topics)


class MqttOptions(BrokerLogin):
    """One [[mqtt]]."""

    host: str = Field(default="localhost", min_length=1)
    port: int = Field(default_factory=lambda known: TLS_PORT if known.get("tls") else PORT, ge=1, le=65_535)
    topics: list[str] = Field(default=["suhu/{sensor_id}"], min_length=1)
    client_id: str | None = Field(default=None, min_length=1)
    protocol: Literal["5", "3.1.1"] = "5"
    devices: list[MqttDevice] = Field(default=[])

    @field_validator("host")
    @classmethod
    def _host_is_a_name(cls, host: str) -> str:
        if any(sign in host for sign in "/@ "):  # not shown: a URL may have a password in it
            msg = "this is no host name or address: scheme, user, password and port have keys of their own"
            raise ValueError(msg)
        return host

    @field_validator("topics")
    @classmethod
    def _topics_are_filters(cls, topics: list[str]) -> list[str]:
        return _checked_filters(topics)

    @model_validator(mode="after")
    def _login_is_safe(self) -> "MqttOptions":
        if self.password_file is not None and self.username is None:
            msg = "password_file without username: MQTT knows no password without a user"
            raise ValueError(msg)
        if self.password_file and not (self.tls or self.allow_plaintext or is_loopback(self.host)):
            msg = (
                f"the password would go to {self.host} in the clear: set tls = true; on a network where nobody "
                "can listen, allow_plaintext = true permits it"
            )
            raise ValueError(msg)
        return self

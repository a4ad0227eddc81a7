"""How Kafka lets the dashboard in: a file in the words of Kafka's own clients, as the Spark jobs take it."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.errors import ConfigError

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
STORES = ("ssl.truststore", "ssl.keystore")
KEYS = (
    "security.protocol",
    *(f"{store}.{what}" for store in STORES for what in ("type", "location")),
    "sasl.mechanism",
    "sasl.jaas.config",
)
# Kafka's two login modules and no other.
_LOGIN = re.compile(
    r"org\.apache\.kafka\.common\.security\.(?:scram\.Scram|plain\.Plain)LoginModule required"
    r'\s+username="(?P<user>[^"\\]+)"\s+password="(?P<password>[^"\\]+)"\s*;'
)


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """The file's lines, checked; without a file, Kafka lets everybody in."""

    lines: Mapping[str, str] = field(default_factory=dict, repr=False)  # a password may be among them

    def client_settings(self) -> dict[str, Any]:
        """Arguments of kafka-python-ng's consumer. Certificates are read anew."""
        protocol = self.lines.get("security.protocol", "PLAINTEXT")
        settings: dict[str, Any] = {"security_protocol": protocol}
        if protocol.endswith("SSL"):
            settings["ssl_context"] = self._tls()
        if protocol.startswith("SASL"):
            login = _LOGIN.fullmatch(self.lines["sasl.jaas.config"])
            assert login is not None  # noqa: S101 - read_kafka_config takes nothing else
            settings |= {
                "sasl_mechanism": self.lines["sasl.mechanism"],
                "sasl_plain_username": login["user"],
                "sasl_plain_password": login["password"],
            }
        return settings

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.lines.get("ssl.truststore.location"))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if keystore := self.lines.get("ssl.keystore.location"):
            context.load_cert_chain(keystore, password="")
        return context


def read_kafka_config(path: Path | None) -> KafkaConfig:
    """Read a file of `key=value` lines; None is no file.

    Raises:
        ConfigError: it, or a file that it names, cannot be used; no value is shown.
    """
    if path is None:
        return KafkaConfig()
    try:
        text = path.read_text("utf-8")
    except OSError as exc:
        raise ConfigError(f"--kafka-config {path}: {exc.strerror}: it must be there, and readable") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"--kafka-config {path}: not UTF-8: save it as plain text") from exc
    lines: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not key or key.startswith("#"):
            continue
        if not equals or key not in KEYS:
            raise ConfigError(f"--kafka-config {path}, line {number}: expected one of {', '.join(KEYS)}, then =")
        lines[key] = value
    for words in _mistakes(lines):
        raise ConfigError(f"--kafka-config {path}: {words}")
    config = KafkaConfig(lines)
    try:
        config.client_settings()
    except OSError as exc:  # also what ssl says of a file that holds no certificate
        raise ConfigError(
            f"--kafka-config {path}: its certificates cannot be used ({exc.strerror or exc}): they must be PEM files "
            "that this user may read, a key without a password"
        ) from exc
    return config


def _mistakes(lines: Mapping[str, str]) -> list[str]:
    protocol = lines.get("security.protocol", "PLAINTEXT")
    found = []
    if protocol not in PROTOCOLS:
        found.append(f"security.protocol must be one of {', '.join(PROTOCOLS)}")
    for store in STORES:
        if lines.get(f"{store}.type", "PEM") != "PEM":
            found.append(f"{store}.type must be PEM")
        if (f"{store}.type" in lines) != (f"{store}.location" in lines):
            found.append(f"{store} needs its type and its location")
    if protocol.startswith("SASL"):
        if lines.get("sasl.mechanism") not in MECHANISMS:
            found.append(f"sasl.mechanism must be one of {', '.join(MECHANISMS)}")
        if not _LOGIN.fullmatch(lines.get("sasl.jaas.config", "")):
            found.append("sasl.jaas.config must be a ScramLoginModule or PlainLoginModule with username and password")
    return found

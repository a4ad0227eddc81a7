"""How the alert job is let in by Kafka: one file, for Kafka's own clients in the JVM and for kafka-python-ng."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suhu_jobs.errors import UsageError

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
KEYS = {
    "security.protocol",
    "ssl.truststore.type",
    "ssl.truststore.location",
    "ssl.keystore.type",
    "ssl.keystore.location",
    "sasl.mechanism",
    "sasl.jaas.config",
}
# No other login module: what Java would load by its name, or fetch from an address, is nothing that a file may choose.
JAAS = re.compile(
    r"org\.apache\.kafka\.common\.security\.(?:scram\.Scram|plain\.Plain)LoginModule required"
    r'\s+username="(?P<username>[^"\\]+)"\s+password="(?P<password>[^"\\]+)"\s*;'
)


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """The lines of the file; without one, Kafka lets everybody in."""

    lines: Mapping[str, str] = field(default_factory=dict, repr=False)  # a password may be among them

    def for_spark(self) -> dict[str, str]:
        """Options of Spark's Kafka source and sink."""
        return {f"kafka.{key}": value for key, value in self.lines.items()}

    def for_python(self) -> dict[str, Any]:
        """Arguments of kafka-python-ng's clients. Files are read anew."""
        protocol = self.lines.get("security.protocol", "PLAINTEXT")
        found: dict[str, Any] = {"security_protocol": protocol}
        if protocol.endswith("SSL"):
            found["ssl_context"] = self._context()
        if login := JAAS.fullmatch(self.lines.get("sasl.jaas.config", "")):
            found["sasl_mechanism"] = self.lines["sasl.mechanism"]
            found["sasl_plain_username"], found["sasl_plain_password"] = login["username"], login["password"]
        return found

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.lines.get("ssl.truststore.location"))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if keystore := self.lines.get("ssl.keystore.location"):
            context.load_cert_chain(keystore, password="")
        return context


def read_kafka_config(path: Path | None) -> KafkaConfig:
    """Read a file of `key=value` lines, in Kafka's own words; None is no file.

    Raises:
        UsageError: it cannot be read, or a line of it cannot be meant; no value is shown.
    """
    if path is None:
        return KafkaConfig()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
        raise UsageError(f"--kafka-config {path}: {why}: it must be there, and this user may read it") from None
    lines: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not key or key.startswith("#"):
            continue
        if not equals or key not in KEYS:
            raise UsageError(f"--kafka-config {path}, line {number}: expected one of {', '.join(sorted(KEYS))}, then =")
        lines[key] = value
    _check(path, lines)
    return KafkaConfig(lines)


def _check(path: Path, lines: Mapping[str, str]) -> None:
    protocol = lines.get("security.protocol", "PLAINTEXT")
    stores = [key for key in lines if key.endswith("store.type")]
    mistakes = {
        f"security.protocol must be one of {', '.join(PROTOCOLS)}": protocol not in PROTOCOLS,
        "ssl.truststore.type and ssl.keystore.type must be PEM": any(lines[key] != "PEM" for key in stores),
        "a store needs its type and its location": any(
            (f"ssl.{kind}.type" in lines) != (f"ssl.{kind}.location" in lines) for kind in ("truststore", "keystore")
        ),
        f"sasl.mechanism must be one of {', '.join(MECHANISMS)}": protocol.startswith("SASL")
        and lines.get("sasl.mechanism") not in MECHANISMS,
        "sasl.jaas.config must be a ScramLoginModule or PlainLoginModule with username and password; docs/security.md "
        "has it": protocol.startswith("SASL") and not JAAS.fullmatch(lines.get("sasl.jaas.config", "")),
    }
    for words, is_made in mistakes.items():
        if is_made:
            raise UsageError(f"--kafka-config {path}: {words}")

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SCRAM = ("SCRAM-SHA-512", "SCRAM-SHA-256")


@dataclass(frozen=True, slots=True)
class Listener:
    """A port of each broker besides the open one, which wants TLS, a login or both."""

    name: str  # in capitals, as Kafka has it
    protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"]
    keystore: Path | None = None  # PEM: the broker's key (PKCS 8) and certificates
    truststore: Path | None = None  # PEM: whose certificates a client must show; None: it shows none
    advertised: str = ""  # where the broker sends its clients, in place of here
    plain_users: Mapping[str, str] = field(default_factory=dict)  # passwords by name, for SASL/PLAIN

    def lines(self) -> dict[str, str]:
        """Its part of a broker's configuration."""
        prefix = f"listener.name.{self.name.lower()}"
        found: dict[str, str] = {}
        if self.keystore is not None:
            found |= {f"{prefix}.ssl.keystore.type": "PEM", f"{prefix}.ssl.keystore.location": str(self.keystore)}
        if self.truststore is not None:
            found |= {f"{prefix}.ssl.truststore.type": "PEM", f"{prefix}.ssl.truststore.location": str(self.truststore)}
            found[f"{prefix}.ssl.client.auth"] = "required"
        if self.protocol.startswith("SASL"):
            found |= self._logins(prefix)
        return found

    def _logins(self, prefix: str) -> dict[str, str]:
        module = "org.apache.kafka.common.security"
        mechanisms = [*SCRAM, *(["PLAIN"] if self.plain_users else [])]
        found = {f"{prefix}.sasl.enabled.mechanisms": ",".join(mechanisms)}
        for mechanism in SCRAM:
            found[f"{prefix}.{mechanism.lower()}.sasl.jaas.config"] = f"{module}.scram.ScramLoginModule required;"
        if self.plain_users:
            users = " ".join(f'user_{name}="{password}"' for name, password in self.plain_users.items())
            found[f"{prefix}.plain.sasl.jaas.config"] = f"{module}.plain.PlainLoginModule required {users};"
        return found

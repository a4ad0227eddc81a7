"""A Kafka broker behind locks of every kind, good and bad ones, with users and access lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from sandbox.kafka import Kafka
from sandbox.kafka_listener import Listener
from tests.certificates import Certificate, certificate, keystore

GATEWAY, SPARK = "pabrik-1", "alerts"
USERS = {GATEWAY: "canary-gateway-7f3a", SPARK: "canary-spark-91c2"}
HOST = "127.0.0.1"

SETTINGS = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    # The open listener is the tests' own; everybody else may do what the access list says, and nothing more.
    "super.users": "User:ANONYMOUS",
    # Of CN=name,OU=…,O=… the name, for those who show a certificate.
    "ssl.principal.mapping.rules": "RULE:^CN=([^,]+),.*$/$1/,DEFAULT",
}
BAD = ("EXPIRED", "EARLY", "STRANGE", "ELSEWHERE")  # listeners whose certificate is no good, each in its way


@dataclass(frozen=True, slots=True)
class Guarded:
    """The broker with its certificates.

    GATE wants TLS and a login, MTLS a client's certificate, BARE a login alone, LOST sends its clients where nobody is.
    """

    kafka: Kafka
    folder: Path
    authority: trustme.CA
    strangers: trustme.CA

    @property
    def ca_file(self) -> Path:
        """Whose certificates are to be trusted."""
        return self.folder / "gate" / "authority.pem"

    def port(self, listener: str) -> int:
        """Where a listener is."""
        return int(self.kafka.servers(listener).rpartition(":")[2])

    def client(self, name: str, *, authority: trustme.CA | None = None, expired: bool = False) -> Certificate:
        """Issue a certificate for a client."""
        return certificate(self.folder / f"client-{name}", name, authority or self.authority, expired=expired)

    def allow(self, user: str, rights: Mapping[tuple[ResourceType, str], list[ACLOperation]]) -> None:
        """Let a user do something with topics and groups."""
        admin = self.kafka.admin()
        try:
            admin.create_acls(
                [
                    ACL(f"User:{user}", "*", operation, ACLPermissionType.ALLOW, ResourcePattern(kind, name))
                    for (kind, name), operations in rights.items()
                    for operation in operations
                ]
            )
        finally:
            admin.close()

    def allow_to_see(self, user: str, topic: str) -> None:
        """Let a user ask for a topic, and no more."""
        self.allow(user, {(ResourceType.TOPIC, topic): [ACLOperation.DESCRIBE]})

    def let_write(self, user: str, *topics: str) -> None:
        """What a gateway may: see docs/security.md."""
        self.allow(user, {(ResourceType.TOPIC, one): [ACLOperation.WRITE, ACLOperation.DESCRIBE] for one in topics})


def guarded_kafka(folder: Path) -> Guarded:
    """Prepare the broker; the caller starts it."""
    authority, strangers = trustme.CA(), trustme.CA()
    now = datetime.now(UTC)
    shown = {
        "gate": certificate(folder / "gate", HOST, authority),
        "expired": certificate(folder / "expired", HOST, authority, expired=True),
        "early": certificate(folder / "early", HOST, authority, not_before=now + timedelta(days=30)),
        "strange": certificate(folder / "strange", HOST, strangers),
        "elsewhere": certificate(folder / "elsewhere", "kafka.example", authority),
    }
    stores = {name: keystore(files) for name, files in shown.items()}
    listeners = [
        Listener("GATE", "SASL_SSL", stores["gate"], plain_users=USERS),
        Listener("MTLS", "SSL", stores["gate"], shown["gate"].authority),
        Listener("BARE", "SASL_PLAINTEXT"),
        Listener("LOST", "PLAINTEXT", advertised="127.0.0.1:1"),
        *(Listener(name, "SASL_SSL", stores[name.lower()]) for name in BAD),
    ]
    kafka = Kafka(folder / "kafka", settings=SETTINGS, listeners=listeners, users=USERS)
    return Guarded(kafka, folder, authority, strangers)

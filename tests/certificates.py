from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate, its key and the certificate of the authority that has signed it, as PEM files."""

    certificate: Path
    key: Path
    authority: Path


def certificate(
    folder: Path,
    name: str,
    authority: trustme.CA,
    *,
    expired: bool = False,
    not_before: datetime = datetime(2020, 1, 1, tzinfo=UTC),
    not_after: datetime | None = None,
) -> Certificate:
    """Write a certificate for a host name or address into a folder, in place of what is there."""
    folder.mkdir(exist_ok=True)
    if expired:
        not_after = datetime.now(UTC) - timedelta(days=1)
    issued = authority.issue_cert(name, common_name=name, not_before=not_before, not_after=not_after)
    files = Certificate(folder / "certificate.pem", folder / "key.pem", folder / "authority.pem")
    issued.cert_chain_pems[0].write_to_path(files.certificate)
    issued.private_key_pem.write_to_path(files.key)
    authority.cert_pem.write_to_path(files.authority)
    return files


def listener(files: Certificate, *further: str) -> Sequence[str]:
    """The lines of mosquitto.conf for a listener that shows this certificate."""
    return [f"certfile {files.certificate}", f"keyfile {files.key}", *further]


def keystore(files: Certificate) -> Path:
    """What Kafka wants of a broker in one PEM file: its key as PKCS 8, and its certificates."""
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    made = files.certificate.with_name("keystore.pem")
    made.write_bytes(pem + files.certificate.read_bytes() + files.authority.read_bytes())
    return made

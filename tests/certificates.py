from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate, its key and the certificate of the authority that has signed it, as PEM files."""

    certificate: Path
    key: Path
    authority: Path


def certificate(folder: Path, name: str, authority: trustme.CA, *, expired: bool = False) -> Certificate:
    """Write a certificate for a host name or address into a folder, in place of what is there."""
    folder.mkdir(exist_ok=True)
    not_after = datetime.now(UTC) - timedelta(days=1) if expired else None
    issued = authority.issue_cert(name, not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=not_after)
    files = Certificate(folder / "certificate.pem", folder / "key.pem", folder / "authority.pem")
    issued.cert_chain_pems[0].write_to_path(files.certificate)
    issued.private_key_pem.write_to_path(files.key)
    authority.cert_pem.write_to_path(files.authority)
    return files


def listener(files: Certificate, *further: str) -> Sequence[str]:
    """The lines of mosquitto.conf for a listener that shows this certificate."""
    return [f"certfile {files.certificate}", f"keyfile {files.key}", *further]

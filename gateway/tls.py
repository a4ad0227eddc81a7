"""TLS as each of the gateway's connections uses it: what is trusted, what is shown, and what can be wrong with it."""

import ssl
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Literal

Fault = Literal[
    "expired",
    "not_yet_valid",
    "wrong_host",
    "unknown_authority",
    "unsound",  # anything else about the certificate
    "client_certificate",  # ours is not accepted, or there is none
    "old_version",
    "not_tls",
    "silent",
    "broken_off",
]


class Flaw(IntEnum):
    """What OpenSSL finds wrong with a certificate (x509_vfy.h)."""

    NOT_YET_VALID = 9
    EXPIRED = 10
    SELF_SIGNED = 18
    SELF_SIGNED_IN_CHAIN = 19
    ISSUER_NOT_FOUND = 20
    FIRST_NOT_VERIFIED = 21
    WRONG_HOST = 62
    WRONG_ADDRESS = 64


FAULT_OF_FLAW: dict[int, Fault] = {
    Flaw.NOT_YET_VALID: "not_yet_valid",
    Flaw.EXPIRED: "expired",
    Flaw.SELF_SIGNED: "unknown_authority",
    Flaw.SELF_SIGNED_IN_CHAIN: "unknown_authority",
    Flaw.ISSUER_NOT_FOUND: "unknown_authority",
    Flaw.FIRST_NOT_VERIFIED: "unknown_authority",
    Flaw.WRONG_HOST: "wrong_host",
    Flaw.WRONG_ADDRESS: "wrong_host",
}


class UnusableFile(ValueError):
    """A certificate or key cannot be used.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path | None, why: str) -> None:
        self.path = path
        super().__init__(
            f"{path} cannot be used ({why}): it must be a readable PEM file, "
            "and key_file the unencrypted key of cert_file"
        )


@dataclass(frozen=True, slots=True)
class Tls:
    """The peer's name is always checked against its certificate, and nothing older than TLS 1.2 is spoken."""

    ca_file: Path | None = None  # PEM; None: the authorities that the operating system trusts
    cert_file: Path | None = None  # PEM; what we show when the peer asks
    key_file: Path | None = None  # PEM, not encrypted; goes with cert_file

    def context(self) -> ssl.SSLContext:
        """Read the files, as they are now.

        Raises:
            UnusableFile: one of them is no such thing.
        """
        path = self.ca_file
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.cert_file is not None:
                path = self.cert_file
                # A key that is encrypted must not make the gateway ask at a terminal: no password fits it.
                context.load_cert_chain(self.cert_file, self.key_file, password="")
        except (OSError, ValueError) as exc:
            why = getattr(exc, "reason", None) or getattr(exc, "strerror", None) or str(exc)
            raise UnusableFile(path, why) from exc
        return context


def fault_of(exc: OSError | ValueError) -> tuple[Fault, str]:
    """What a handshake, or the first read after it, has failed of, and OpenSSL's own word for it."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return FAULT_OF_FLAW.get(exc.verify_code, "unsound"), exc.verify_message
    if isinstance(exc, ssl.SSLError) and not isinstance(exc, ssl.SSLEOFError) and exc.reason is not None:
        reason = exc.reason
        if "ALERT" in reason and ("CERTIFICATE" in reason or "HANDSHAKE" in reason or "UNKNOWN_CA" in reason):
            return "client_certificate", reason
        if reason in {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"}:
            return "old_version", reason
        return "not_tls", reason
    if isinstance(exc, TimeoutError):
        return "silent", "no answer"
    return "broken_off", str(exc.strerror if isinstance(exc, OSError) and exc.strerror else exc)

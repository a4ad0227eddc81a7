"""Whose a certificate is and when it ends: the two fields of X.509 (RFC 5280, section 4.1) that a person must know.

Python's ssl tells them of authorities and of peers that are trusted, but not of a client's own certificate.
"""

import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
VERSION, UTC_TIME = 0xA0, 0x17  # tags (X.690)
COMMON_NAME = bytes.fromhex("550403")  # object identifier 2.5.4.3


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is read of one."""

    subject: str  # its common name; without one, everything that its name consists of
    ends_at: datetime  # aware, UTC


def certificates_in(pem: str) -> list[Certificate]:
    """All certificates of a PEM file, in order; keys and text between them are passed over.

    Raises:
        ValueError: one is damaged.
    """
    return [certificate_of(ssl.PEM_cert_to_DER_cert(block)) for block in PEM.findall(pem)]


def certificate_of(der: bytes) -> Certificate:
    """A certificate in its binary form.

    Raises:
        ValueError: it is none.
    """
    try:
        signed = _parts(_parts(der)[0][1])
        fields = [content for tag, content in _parts(signed[0][1]) if tag != VERSION]
        _serial, _algorithm, _issuer, validity, subject = fields[:5]
        return Certificate(_name(subject), _moment(*_parts(validity)[1]))
    except (IndexError, ValueError) as exc:
        raise ValueError(f"not a certificate: {exc}") from exc


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """The elements that stand one after the other: tag and content (X.690, section 8.1)."""
    parts, place = [], 0
    while place < len(data):
        tag, length, place = data[place], data[place + 1], place + 2
        if length & 0x80:
            size = length & 0x7F
            length, place = int.from_bytes(data[place : place + size], "big"), place + size
        if place + length > len(data):
            raise ValueError("it is cut off")
        parts.append((tag, data[place : place + length]))
        place += length
    return parts


def _name(name: bytes) -> str:
    found: dict[bytes, str] = {}
    for _, group in _parts(name):
        for _, pair in _parts(group):
            (_, kind), (_, text) = _parts(pair)
            found[kind] = text.decode(errors="replace")
    return found.get(COMMON_NAME) or ", ".join(found.values())


def _moment(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii")
    if tag == UTC_TIME:  # two digits of the year: RFC 5280, section 4.1.2.5.1
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)

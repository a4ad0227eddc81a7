"""What keeps records from Kafka: one vocabulary for every client library, and words for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.errors import SinkUnavailable
from gateway.model import Record

# too_large and untimely are the record's fault: the same bytes fail for ever. Everything else may pass.
Kind = Literal[
    "too_large",
    "untimely",
    "forbidden",
    "no_topic",
    "no_broker",
    "login",
    "mechanism",
    "certificate_expired",
    "certificate_not_yet_valid",
    "certificate_wrong_host",
    "certificate_unknown_authority",
    "certificate_unsound",
    "client_certificate",
    "tls_version",
    "not_tls",
    "wants_tls",
    "files",
    "no_descriptor",
    "other",
]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why Kafka did not take records."""

    kind: Kind
    detail: str  # the client's own words, or the broker's
    where: str = ""  # host:port of the broker that it is about, where that is known


CLOCK = "or set this machine's clock if that is wrong"
TLS_PORT = "check bootstrap_servers, whose port may be of a listener without TLS, and tls"

WORDS: dict[Kind, str] = {
    "forbidden": (
        "this client may not use the topic {topic}: ask for the permission (DESCRIBE, with WRITE to send and READ "
        "to verify), and whether there is such a topic: who may not see it is not told"
    ),
    "no_topic": "the broker at {where} has no topic {topic}: create it, with 3 partitions or more",
    "no_broker": "no broker answers at {where}: check the address and that Kafka runs ({detail})",
    "login": (
        "the broker at {where} does not let us in ({detail}): check username, what is in password_file, and the "
        "broker's users; it does not tell a wrong password from an unknown user"
    ),
    "mechanism": "the broker at {where} does not take the kind of login ({detail}): set mechanism to one that it does",
    "certificate_expired": "the broker at {where} shows a certificate that has expired: renew it there, " + CLOCK,
    "certificate_not_yet_valid": (
        "the broker at {where} shows a certificate that is not valid yet: set this machine's clock"
    ),
    "certificate_wrong_host": (
        "the broker at {where} shows a certificate for another host ({detail}): use a name in bootstrap_servers, and "
        "in the broker's advertised.listeners, that is in it, or have it reissued"
    ),
    "certificate_unknown_authority": (
        "the broker at {where} shows a certificate of an authority that is not trusted here: name the authority's "
        "with ca_file"
    ),
    "certificate_unsound": (
        "the broker at {where} shows a certificate that does not hold ({detail}): have it reissued"
    ),
    "client_certificate": (
        "the broker at {where} does not accept our certificate ({detail}): check cert_file, key_file, when they "
        "expire, and which authorities the broker trusts"
    ),
    "tls_version": "the broker at {where} speaks no TLS version from 1.2 on ({detail}): update it",
    "not_tls": "the broker at {where} does not speak TLS on this port ({detail}): " + TLS_PORT,
    "wants_tls": "the broker at {where} speaks only TLS on this port: set tls = true, or another port",
    "files": "{detail}",
    "no_descriptor": (
        "no further file or connection can be opened ({detail}): raise LimitNOFILE= of the service, or `ulimit -n`"
    ),
}


def unavailable(failure: Failure, servers: Sequence[str], topic: str) -> SinkUnavailable:
    """Cause and remedy of a failure that may pass."""
    words = WORDS.get(failure.kind, "Kafka at {where} answers: {detail}")
    where = failure.where or ", ".join(servers)
    return SinkUnavailable(words.format(where=where, topic=topic, detail=failure.detail), kind=failure.kind)


def refusal(record: Record, failure: Failure) -> str:
    """Cause and remedy of a record that Kafka will never take."""
    return f"{len(record.value)} bytes are too large for the topic: raise its max.message.bytes ({failure.detail})"

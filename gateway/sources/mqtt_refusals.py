"""Why an MQTT broker is not ours at the moment, in words: cause and remedy. Pure."""

import socket
from enum import IntEnum

from paho.mqtt.reasoncodes import ReasonCode

from gateway.tls import Fault, fault_of

# How long the pauses between two attempts get. A broker that is away is often a machine beside us that starts again,
# and an attempt costs it nothing. One that has said no waits for a person; brokers ban clients that keep asking.
LINK_PAUSE_S = 3.0
ANSWER_PAUSE_S = 10.0


WORDS: dict[Fault, str] = {
    "expired": "shows a certificate that has expired: renew it there, or set this machine's clock if that is wrong",
    "not_yet_valid": "shows a certificate that is not valid yet: set this machine's clock",
    "wrong_host": "shows a certificate that is not for {host!r}: set host to a name that is in it, or have it reissued",
    "unknown_authority": (
        "shows a certificate of an authority that is not trusted here: name the authority's with ca_file"
    ),
    "unsound": "shows a certificate that does not hold ({why}): have it reissued",
    "client_certificate": "does not accept our certificate ({why}): check cert_file, key_file and when they expire",
    "old_version": "speaks no TLS version from 1.2 on ({why}): update it",
    "not_tls": "does not speak TLS on this port ({why}): check port, 8883 is usual, and tls",
    "silent": "does not answer in TLS: check port, 8883 is usual, and tls",
    "broken_off": "breaks off while TLS is agreed on ({why}): check port, 8883 is usual, and tls",
}


class Answer(IntEnum):
    """A broker's reason (OASIS MQTT 5, section 2.4); paho gives those of 3.1.1 the same numbers."""

    WRONG_VERSION = 132
    WRONG_CLIENT_ID = 133
    WRONG_PASSWORD = 134
    NOT_AUTHORIZED = 135
    SESSION_TAKEN_OVER = 142


def not_connected(exc: OSError) -> str:
    """Why there is no TCP connection; continues "the broker … cannot be reached"."""
    if isinstance(exc, socket.gaierror):
        return "(its name is not known): check host and the name server"
    if isinstance(exc, TimeoutError):
        return "(no answer): check host and port, that the machine is on, and firewalls"
    return f"({exc.strerror or exc}): check host and port, and that it runs"


def not_trusted(exc: OSError | ValueError, host: str) -> str:
    """Why TLS was not agreed on; continues "the broker …"."""
    fault, why = fault_of(exc)
    return WORDS[fault].format(why=why, host=host)


def refused(reason: ReasonCode, username: str | None, client_id: str) -> str:
    """Why the broker ends what we asked for; continues "the broker …"."""
    match reason.value:
        case Answer.WRONG_PASSWORD | Answer.NOT_AUTHORIZED:
            if username is None:
                return f"lets nobody in without a name ({reason}): set username and password_file"
            return (
                f"does not let the user {username!r} in ({reason}): check username, what is in password_file, "
                "and what the broker allows this user"
            )
        case Answer.WRONG_VERSION:
            return f'does not speak this version of MQTT ({reason}): set protocol = "3.1.1"'
        case Answer.WRONG_CLIENT_ID:
            return f"refuses the client id {client_id!r} ({reason}): set client_id to one that it allows"
        case Answer.SESSION_TAKEN_OVER:
            return f"has given the session to another client named {client_id!r}: give each a client_id of its own"
    return f"refuses the connection ({reason}): its log has the cause"

import socket
import ssl

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from gateway.sources.mqtt_refusals import not_connected, not_trusted, refused


@pytest.mark.parametrize(
    ("value", "username", "told"),
    [
        (132, None, 'does not speak this version of MQTT (Unsupported protocol version): set protocol = "3.1.1"'),
        (133, None, "refuses the client id 'c' (Client identifier not valid): set client_id to one that it allows"),
        (134, "u", "does not let the user 'u' in (Bad user name or password): check username, what is in"),
        (135, "u", "does not let the user 'u' in (Not authorized): check username, what is in password_file, and"),
        (135, None, "lets nobody in without a name (Not authorized): set username and password_file"),
        (136, "u", "refuses the connection (Server unavailable): its log has the cause"),
        (138, "u", "refuses the connection (Banned): its log has the cause"),
    ],
)
def test_a_refusal_names_cause_and_remedy(value: int, username: str | None, told: str) -> None:
    assert refused(ReasonCode(PacketTypes.CONNACK, identifier=value), username, "c").startswith(told)


def test_a_session_that_was_taken_over_names_the_client_id() -> None:
    reason = ReasonCode(PacketTypes.DISCONNECT, identifier=142)
    assert refused(reason, None, "c") == (
        "has given the session to another client named 'c': give each a client_id of its own"
    )


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (9, "shows a certificate that is not valid yet: set this machine's clock"),
        (10, "shows a certificate that has expired: renew it there, or set this machine's clock"),
        (18, "shows a certificate of an authority that is not trusted here: name the authority's with ca_file"),
        (20, "shows a certificate of an authority that is not trusted here"),
        (62, "shows a certificate that is not for 'h': set host to a name that is in it, or have it reissued"),
        (64, "shows a certificate that is not for 'h'"),
        (23, "shows a certificate that does not hold (certificate revoked): have it reissued"),
    ],
)
def test_a_flaw_of_a_certificate_names_cause_and_remedy(code: int, told: str) -> None:
    flaw = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
    flaw.verify_code, flaw.verify_message = code, "certificate revoked"
    assert not_trusted(flaw, "h").startswith(told)


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (socket.gaierror(-2, "Name or service not known"), "(its name is not known): check host and the name server"),
        (TimeoutError("timed out"), "(no answer): check host and port, that the machine is on, and firewalls"),
        (ConnectionRefusedError(111, "Connection refused"), "(Connection refused): check host and port, and that it"),
    ],
)
def test_why_there_is_no_connection(trouble: OSError, told: str) -> None:
    assert not_connected(trouble).startswith(told)

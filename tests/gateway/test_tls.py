import ssl
from pathlib import Path

import pytest
import trustme

from gateway.tls import Fault, Tls, UnusableFile, fault_of
from tests.certificates import certificate


def flaw(code: int) -> ssl.SSLCertVerificationError:
    made = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
    made.verify_code, made.verify_message = code, "as OpenSSL says it"
    return made


def trouble(reason: str) -> ssl.SSLError:
    made = ssl.SSLError(1, f"[SSL: {reason}]")
    made.reason = reason
    return made


@pytest.mark.parametrize(
    ("exc", "fault", "why"),
    [
        (flaw(9), "not_yet_valid", "as OpenSSL says it"),
        (flaw(10), "expired", "as OpenSSL says it"),
        (flaw(18), "unknown_authority", "as OpenSSL says it"),
        (flaw(20), "unknown_authority", "as OpenSSL says it"),
        (flaw(62), "wrong_host", "as OpenSSL says it"),
        (flaw(64), "wrong_host", "as OpenSSL says it"),
        (flaw(23), "unsound", "as OpenSSL says it"),
        (trouble("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "client_certificate", "TLSV13_ALERT_CERTIFICATE_REQUIRED"),
        (trouble("TLSV1_ALERT_UNKNOWN_CA"), "client_certificate", "TLSV1_ALERT_UNKNOWN_CA"),
        (trouble("UNSUPPORTED_PROTOCOL"), "old_version", "UNSUPPORTED_PROTOCOL"),
        (trouble("WRONG_VERSION_NUMBER"), "not_tls", "WRONG_VERSION_NUMBER"),
        (ssl.SSLEOFError(8, "EOF occurred"), "broken_off", "EOF occurred"),
        (ConnectionResetError(104, "Connection reset by peer"), "broken_off", "Connection reset by peer"),
        (TimeoutError("timed out"), "silent", "no answer"),
        (
            ValueError("server_hostname cannot be an empty string"),
            "broken_off",
            "server_hostname cannot be an empty st",
        ),
    ],
)
def test_what_a_handshake_fails_of_has_one_name(exc: OSError | ValueError, fault: Fault, why: str) -> None:
    found, words = fault_of(exc)
    assert (found, words.startswith(why)) == (fault, True)


def test_names_are_checked_and_nothing_old_is_spoken(tmp_path: Path) -> None:
    ours = certificate(tmp_path / "c", "a", trustme.CA())
    for tls in (Tls(), Tls(ours.authority), Tls(ours.authority, ours.certificate, ours.key)):
        context = tls.context()
        assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    ours = certificate(tmp_path / "c", "a", trustme.CA())
    text = tmp_path / "text"
    text.write_text("no PEM")
    for tls, path in (
        (Tls(text), text),
        (Tls(None, text, ours.key), text),
        (Tls(tmp_path / "none"), tmp_path / "none"),
    ):
        with pytest.raises(UnusableFile) as refused:
            tls.context()
        assert refused.value.path == path
        assert str(refused.value).startswith(f"{path} cannot be used (")

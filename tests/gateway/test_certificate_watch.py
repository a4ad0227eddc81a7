import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
import trustme

from gateway.certificate_watch import CertificateWatch, Way, ways
from gateway.config import check
from gateway.tls import Tls
from tests.certificates import Certificate, certificate

ENDS_AT = datetime(2040, 3, 15, 12, 0, tzinfo=UTC)


def told(way: Way, *moments: datetime) -> list[dict[str, Any]]:
    """What is said when the watch looks at each of these moments, one day after the other."""
    clock = list(moments)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.pop(0)
        if not clock:
            raise asyncio.CancelledError

    async def scenario() -> None:
        with pytest.raises(asyncio.CancelledError):
            await CertificateWatch([way], lambda: clock[0], sleep).run()

    with structlog.testing.capture_logs() as logs:
        asyncio.run(scenario())
    assert slept == [86_400.0] * len(moments)
    return list(logs)


@pytest.fixture
def ours(tmp_path: Path) -> Certificate:
    return certificate(tmp_path / "c", "127.0.0.1", trustme.CA(), not_after=ENDS_AT)


def test_a_certificate_of_ours_is_announced_from_14_days_on_once_a_day(ours: Certificate) -> None:
    way = Way(Tls(ours.authority, ours.certificate, ours.key), ())
    days = [
        timedelta(days=15),
        timedelta(days=14, seconds=1),
        timedelta(days=14),
        timedelta(days=1),
        timedelta(days=-2),
    ]
    logs = told(way, *(ENDS_AT - before for before in days))
    assert [(one["event"], one["days_left"]) for one in logs] == [
        ("certificate_ends", 14),
        ("certificate_ends", 1),
        ("certificate_ends", -2),
    ]
    assert logs[0] == {
        "event": "certificate_ends",
        "log_level": "warning",
        "file": str(ours.certificate),
        "subject": "127.0.0.1",
        "ends": "2040-03-15T12:00:00Z",
        "days_left": 14,
        "remedy": "renew it, put it in this place, then reload",
    }


def test_an_authority_that_is_about_to_end_is_announced(ours: Certificate) -> None:
    (authority,) = told(Way(Tls(ours.certificate), ()), ENDS_AT)
    assert authority["file"] == str(ours.certificate)


@contextmanager
def server(shown: Certificate) -> Iterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(shown.certificate, shown.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            link, _ = listening.accept()
            try:
                context.wrap_socket(link, server_side=True).close()
            except OSError:
                pass  # a client that does not trust us

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_a_certificate_that_a_server_shows_is_announced(ours: Certificate) -> None:
    with server(ours) as port:
        (shown,) = told(Way(Tls(ours.authority), (("127.0.0.1", port),)), ENDS_AT - timedelta(days=3))
    assert (shown["server"], shown["subject"], shown["days_left"]) == (f"127.0.0.1:{port}", "127.0.0.1", 3)
    assert shown["remedy"] == "renew it there"


def test_what_cannot_be_read_or_reached_is_left_to_who_needs_it(ours: Certificate, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for tls in (Tls(tmp_path / "none"), Tls(tmp_path / "text"), Tls(tmp_path)):
        assert told(Way(tls, (("127.0.0.1", 1), ("broker.invalid", 1))), ENDS_AT) == []
    with server(ours) as port:
        assert told(Way(Tls(), (("127.0.0.1", port),)), ENDS_AT) == []  # not trusted: the connection tells that


def test_metrics_are_told_when_the_first_certificate_of_a_place_ends(ours: Certificate, tmp_path: Path) -> None:
    other = certificate(tmp_path / "o", "127.0.0.1", trustme.CA(), not_after=ENDS_AT + timedelta(days=9))
    both = tmp_path / "both"
    both.write_text(other.certificate.read_text() + ours.certificate.read_text())

    async def looked_once() -> dict[str, float]:
        looked = asyncio.Event()

        async def sleep(_seconds: float) -> None:
            looked.set()
            await asyncio.Event().wait()

        watch = CertificateWatch([Way(Tls(both, other.certificate, other.key), ())], lambda: ENDS_AT, sleep)
        assert watch.ends_at_s == {}
        running = asyncio.create_task(watch.run())
        await looked.wait()
        running.cancel()
        return watch.ends_at_s

    assert asyncio.run(looked_once()) == {str(both): 2_215_425_600.0, str(other.certificate): 2_216_203_200.0}


def test_without_tls_nothing_is_watched() -> None:
    asyncio.run(CertificateWatch([]).run())


def test_every_use_of_tls_in_the_configuration_is_watched(ours: Certificate) -> None:
    kafka = {"tls": True, "ca_file": str(ours.authority), "bootstrap_servers": ["kafka.example:9093", "[::1]:9094"]}
    mqtt = [{"host": "mqtt.example", "tls": True}, {"host": "open.example"}]
    assert ways(check({"kafka": kafka, "mqtt": mqtt}, "file")) == [
        Way(Tls(ours.authority), (("kafka.example", 9093), ("::1", 9094))),
        Way(Tls(), (("mqtt.example", 8883),)),
    ]
    assert ways(check({"mqtt": [{"host": "open.example"}]}, "file")) == []

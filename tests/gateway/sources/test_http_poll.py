import asyncio
import gzip
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from gateway.errors import SourceLost
from gateway.model import Delivery, Reading
from gateway.sources.http_options import HttpOptions
from gateway.sources.http_poll import HttpPollSource
from tests.gateway.sources.web_api import WebApi, answer

MOMENT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
GOOD = answer(b'{"sensor_id": "S1", "suhu": 70.2}')


def poll(api: WebApi, count: int, *, tls: ssl.SSLContext | None = None, **options: object) -> list[Delivery]:
    async def scenario() -> list[Delivery]:
        async with api.serving(tls):
            url = f"{'https' if tls else 'http'}://localhost:{api.port}/readings"
            source = HttpPollSource(
                HttpOptions.model_validate({"url": url, "interval_s": 0.05, "timeout_s": 5, **options}),
                now=lambda: MOMENT,
            )
            async with source.open() as deliveries:
                return [await anext(deliveries) for _ in range(count)]

    return asyncio.run(scenario())


def test_an_api_is_asked_again_and_again() -> None:
    deliveries = poll(WebApi([GOOD, answer(b'[{"sensor_id": "S1", "suhu": 71}]'), GOOD]), 3)
    assert [one.readings for one in deliveries] == [
        (Reading("S1", 70.2, MOMENT, "http"),),
        (Reading("S1", 71.0, MOMENT, "http"),),
        (Reading("S1", 70.2, MOMENT, "http"),),
    ]


def test_an_answer_that_was_seen_before_is_no_new_reading() -> None:
    old = answer(b'{"sensor_id": "S1", "suhu": 70.2, "measured_at": "2026-11-22T00:00:00Z"}')
    new = answer(b'{"sensor_id": "S1", "suhu": 70.2, "measured_at": "2026-11-22T00:00:01Z"}')
    deliveries = poll(WebApi([old, old, answer(b"", "204 No Content"), old, new, old]), 2)
    assert [one.readings[0].measured_at.second for one in deliveries] == [0, 1]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>70.2 \xc2\xb0C</html>", "bad_json"),
        (b"", "bad_json"),
        (b'{"suhu": 70.2}', "bad_sensor_id"),
        (b'{"sensor_id": "S1", "suhu": null}', "bad_number"),
        (b'{"sensor_id": "S1", "suhu": 70.2}' + b" " * 200_000, "too_large"),
    ],
)
def test_a_wrong_body_is_rejected_and_the_next_good_one_comes_out(body: bytes, reason: str) -> None:
    bad, good = poll(WebApi([answer(body, headers="Content-Type: text/html"), GOOD]), 2)
    assert (bad.readings, [one.reason for one in bad.rejected]) == ((), [reason])
    assert good.readings[0].celsius == 70.2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (answer(b"", "500 Oops"), "answers 500 Oops: look into the log of the server"),
        (answer(b"", "401 Unauthorized"), "answers 401 Unauthorized: check the token"),
        (answer(b"", "404 Not Found"), "answers 404 Not Found: check the address"),
        (answer(b"", "429 Too Many"), "ask less often"),
        (answer(b"", "302 Found", "Location: http://evil.example/"), "redirects to http://evil.example/: configure"),
        (answer(gzip.compress(b"{}"), headers="Content-Encoding: gzip"), "answers in gzip"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "cannot be reached"),
        (None, "gives no whole answer within 0.3 s: .*timeout_s"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "gives no whole answer within 0.3 s"),
    ],
)
def test_no_answer_is_source_lost_with_cause_and_remedy(given: bytes | None, words: str) -> None:
    with pytest.raises(SourceLost, match=words):
        poll(WebApi([given]), 1, timeout_s=0.3)
    with pytest.raises(SourceLost, match=words):  # later as well
        poll(WebApi([GOOD, given]), 2, timeout_s=0.3)


def test_an_api_that_is_not_there_is_source_lost() -> None:
    async def scenario() -> None:
        async with HttpPollSource(HttpOptions(url="http://127.0.0.1:1/")).open():
            pass

    with pytest.raises(SourceLost, match=r"http://127\.0\.0\.1:1/ cannot be reached"):
        asyncio.run(scenario())


def test_the_token_is_sent_and_read_anew_for_each_opening(tmp_path: Path) -> None:
    api = WebApi([GOOD])
    (tmp_path / "token").write_text("one\n")
    poll(api, 1, token_file=tmp_path / "token", headers={"X-Plant": "7"})
    (tmp_path / "token").write_text("two\n")
    poll(api, 1, token_file=tmp_path / "token")
    assert b"authorization: Bearer one\r\n" in api.asked[0]
    assert b"X-Plant: 7\r\n" in api.asked[0]
    assert b"authorization: Bearer two\r\n" in api.asked[1]
    (tmp_path / "token").unlink()
    with pytest.raises(SourceLost, match=r"token_file: .* cannot be read"):
        poll(api, 1, token_file=tmp_path / "token")


def test_a_certificate_is_verified(tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    other.cert_pem.write_to_path(str(tmp_path / "other.pem"))
    assert poll(WebApi([GOOD]), 1, tls=tls, ca_file=tmp_path / "ca.pem")[0].readings[0].celsius == 70.2
    for options in ({}, {"ca_file": tmp_path / "other.pem"}):
        with pytest.raises(SourceLost, match=r"CERTIFICATE_VERIFY_FAILED.*check address, network and certificate"):
            poll(WebApi([GOOD]), 1, tls=tls, **options)
    with pytest.raises(SourceLost, match="No such file"):
        poll(WebApi([GOOD]), 1, tls=tls, ca_file=tmp_path / "none.pem")


def test_header_values_are_shown_to_nobody() -> None:
    options = HttpOptions.model_validate({"url": "https://a.example/", "headers": {"X-Api-Key": "hunter2"}})
    assert "hunter2" not in f"{options} {options!r} {options.model_dump()}"

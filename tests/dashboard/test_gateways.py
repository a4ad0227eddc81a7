import asyncio
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from dashboard.gateways import NoGateway, look, state_of
from dashboard.plant.links import GatewayState

METRICS = """
# HELP suhu_gateway_uptime_seconds Since the start.
# TYPE suhu_gateway_uptime_seconds gauge
suhu_gateway_uptime_seconds 12.5
# TYPE suhu_gateway_source_up gauge
suhu_gateway_source_up{source="serial /dev/ttyUSB0"} 1.0
suhu_gateway_source_up{source="mqtt localhost:1883"} 1.0
suhu_gateway_source_up{source="serial /dev/ttyUSB1"} 0.0
# TYPE suhu_gateway_spool_records gauge
suhu_gateway_spool_records 42.0
# TYPE suhu_gateway_last_delivery_timestamp_seconds gauge
suhu_gateway_last_delivery_timestamp_seconds 1.795316645678e+09
# TYPE suhu_gateway_kafka_up gauge
suhu_gateway_kafka_up 1.0
"""


def test_what_a_gateway_tells() -> None:
    assert state_of("http://gw", METRICS) == GatewayState("http://gw", True, 42, 1_795_316_645_678, 2, 1, None)


def test_a_gateway_without_kafka_says_so() -> None:
    found = state_of("http://gw", METRICS.replace("kafka_up 1.0", "kafka_up 0.0"))
    assert (found.up, found.why) == (True, "it does not reach Kafka, and keeps what it reads")


def test_a_gateway_that_takes_nothing_says_so() -> None:
    assert "takes no readings" in (state_of("http://gw", METRICS + "suhu_gateway_stuck 1.0\n").why or "")


@pytest.mark.parametrize("text", ["", "<html></html>", "python_info 1.0\n", "suhu_gateway_uptime_seconds x"])
def test_others_are_no_gateways(text: str) -> None:
    with pytest.raises(NoGateway):
        state_of("http://gw", text)


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def asked(url: str) -> GatewayState:
    async def ask() -> GatewayState:
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
            return await look(client, url)

    return asyncio.run(ask())


def test_a_gateway_is_asked() -> None:
    with answering(200, METRICS.encode()) as url:
        assert asked(url) == GatewayState(url, True, 42, 1_795_316_645_678, 2, 1, None)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, b"", "status 500"),
        (200, b"{}", "must be the address of a gateway"),
        (200, b"x" * 5_000_000, "without end"),
    ],
)
def test_what_answers_otherwise_is_down_with_the_reason(status: int, body: bytes, words: str) -> None:
    with answering(status, body) as url:
        found = asked(url)
    assert not found.up
    assert words in (found.why or "")


def test_nobody_there() -> None:
    found = asked("http://127.0.0.1:9")
    assert (found.up, found.why) == (
        False,
        "http://127.0.0.1:9 cannot be reached: does the gateway run, with [health] listen?",
    )

import socket
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Gauge
from suhu_jobs.errors import Unavailable
from suhu_jobs.metrics import serve_metrics


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_figures_are_answered_until_it_is_closed() -> None:
    registry = CollectorRegistry()
    Gauge("suhu_test", "of a test", registry=registry).set(7)
    port = _free_port()
    close = serve_metrics("127.0.0.1", port, registry)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert b"suhu_test 7.0" in answer.read()
    finally:
        close()
    with pytest.raises(ConnectionRefusedError), socket.socket() as sock:
        sock.connect(("127.0.0.1", port))


def test_a_port_that_is_taken_is_refused_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            Unavailable,
            match=rf"--metrics-port {port} of 127.0.0.1 cannot be used \(Address already in use\): give another one",
        ):
            serve_metrics("127.0.0.1", port, CollectorRegistry())


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("192.0.2.7", r"--metrics-port 9109 of 192.0.2.7 cannot be used \(Cannot assign requested address\)"),
        ("no.such.host.invalid", "--metrics-host no.such.host.invalid is no address of this machine"),
    ],
)
def test_an_address_that_is_not_ours_is_refused_in_words(host: str, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        serve_metrics(host, 9109, CollectorRegistry())

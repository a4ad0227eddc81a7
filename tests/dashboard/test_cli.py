import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from sandbox.dashboard import Dashboard
from tests.certificates import certificate
from tests.dashboard.stream import Stream

TOKEN = "a7f3c9e1b2d4f6a8c0e2"  # noqa: S105 - of this test


def ended(*arguments: str | Path) -> tuple[int, str]:
    """Run it to its end: exit code and words; a traceback is never an answer."""
    found = subprocess.run(
        [sys.executable, "-m", "dashboard", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in found.stderr
    return found.returncode, found.stderr + found.stdout


def test_help() -> None:
    code, words = ended("--help")
    assert (code, "--published-on-loopback" in words) == (0, True)


@pytest.mark.parametrize(
    "arguments", [["--nothing"], ["--lang", "xx"], ["--max-clients", "0"], ["--stale-after-s", "no"]]
)
def test_options_that_there_are_not(arguments: str) -> None:
    assert ended(arguments)[0] == 64


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"])
def test_other_machines_are_not_let_in_without_token_and_tls(listen: str) -> None:
    code, words = ended("--listen", listen)
    assert code == 78
    assert "needs --token-file and --tls-cert and --tls-key" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "8080"], "HOST:PORT"),
        (["--tls-cert", "x.pem"], "belong together"),
        (["--machines", "/none.csv"], "No such file"),
        (["--kafka-config", "/none"], "No such file"),
        (["--token-file", "/none"], "No such file"),
        (["--tls-cert", "/none", "--tls-key", "/none"], "No such file"),
        (["--gateway", "localhost:9108"], "http://127.0.0.1:9108"),
        (["--history", __file__], "is no folder"),
    ],
)
def test_options_that_cannot_be_meant(arguments: list[str], words: str) -> None:
    code, told = ended(*arguments)
    assert code == 78
    assert words in told


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, words = ended("--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert code == 69
    assert "choose another address" in words


def test_a_container_may_listen_everywhere_when_it_says_so(tmp_path: Path) -> None:
    arguments = ["--listen", "0.0.0.0:0", "--published-on-loopback"]
    with Dashboard(tmp_path, "127.0.0.1:9", arguments=arguments) as page:
        assert "event=started" in page.log_since_start()


def test_with_token_and_tls_others_are_let_in(tmp_path: Path) -> None:
    authority = trustme.CA()
    files = certificate(tmp_path / "page", "127.0.0.1", authority)
    (tmp_path / "token").write_text(TOKEN)
    arguments = ["--token-file", tmp_path / "token", "--tls-cert", files.certificate, "--tls-key", files.key]
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with Dashboard(tmp_path, "127.0.0.1:9", arguments=list(map(str, arguments))) as page:
        with Stream(page.url, {"Authorization": f"Bearer {TOKEN}"}, trust) as stream:
            stream.wait(lambda: stream.events, "a snapshot")
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            with Stream(page.url, headers, trust) as stream:
                stream.wait(lambda: stream.status is not None, "an answer")
                assert stream.status == 401
        with Stream(page.url) as stream:
            stream.wait(lambda: stream.ended, "the end: no TLS")
            assert stream.status is None
        assert "Traceback" not in page.log_since_start()
        assert TOKEN not in page.log_since_start()

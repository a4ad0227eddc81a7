import json
import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from sandbox.dashboard import Dashboard
from sandbox.kafka import Kafka
from sandbox.ports import Port
from sandbox.programs import Gateway
from tests.dashboard.browser.records import Writer, writing
from tests.dashboard.browser.visitor import Visitor

CHROMIUM = Path("/usr/bin/chromium")
SISTERS = ("alerts", "stats", "incidents")
ALWAYS = ("--stale-after-s", "60")  # nothing falls silent while a slow machine looks at it
expect.set_options(timeout=20_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, metavar="DIR", help="dashboard: make the pictures of the README there")


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest) -> Path:
    folder: Path | None = request.config.getoption("--screenshots", default=None)
    if folder is None:
        pytest.skip("made by `make test-dashboard`")
    return folder


@pytest.fixture
def thorough(screenshots: Path) -> None:
    """What takes long is left to `make test-dashboard`."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a file, without a sandbox of its own, which root may not have.

    Not for longer: Playwright keeps an event loop running in this thread, in which no other test could run one.
    """
    if not CHROMIUM.exists():
        missing = "chromium is not installed: python -m sandbox.fetch --for-tests"
        if "SUHU_SKIP_NOTHING" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Visit(Protocol):
    def __call__(self, url: str, *, lenient: bool = False, **options: object) -> Visitor: ...


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Come to the dashboard; whoever is not lenient ends without a single complaint of the browser."""
    visitors: list[tuple[Visitor, bool]] = []

    def come(url: str, *, lenient: bool = False, **options: object) -> Visitor:
        visitors.append((Visitor(browser, url, **options), lenient))
        return visitors[-1][0]

    yield come
    for visitor, lenient in visitors:
        violations = visitor.violations()
        visitor.leave()
        assert violations == []
        assert lenient or visitor.complaints == []


def create_topics(kafka: Kafka, topic: str) -> None:
    names = [topic, *(f"{topic}-{sister}" for sister in SISTERS)]
    with ThreadPoolExecutor() as pool:  # each waits for its leaders
        list(pool.map(lambda name: kafka.create_topic(name, partitions=3 if name == topic else 1), names))


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"browser-{secrets.token_hex(4)}"
    create_topics(kafka, name)
    return name


@pytest.fixture
def write(kafka: Kafka, topic: str) -> Iterator[Writer]:
    with writing(kafka.bootstrap_servers, topic) as writer:
        yield writer


@pytest.fixture
def dashboard(kafka: Kafka, topic: str, tmp_path: Path) -> Iterator[Callable[..., Dashboard]]:
    """Start a dashboard on the topic, with further options."""
    started: list[Dashboard] = []

    def start(*arguments: str) -> Dashboard:
        one = Dashboard(
            tmp_path, kafka.bootstrap_servers, arguments=["--topic", topic, "--stale-after-s", "60", *arguments]
        )
        started.append(one)
        return one.start()

    yield start
    for one in started:
        one.close()


@pytest.fixture
def plant(kafka: Kafka, topic: str, tmp_path: Path) -> Iterator[Callable[..., tuple[Gateway, str]]]:
    """Start a gateway that makes machines up; gives it and its health port."""
    port = Port.reserve()
    started: list[Gateway] = []

    def start(*sensors: str) -> tuple[Gateway, str]:
        config = tmp_path / "gateway.toml"
        config.write_text(f"""
[gateway]
id = "pabrik-1"

[journal]
path = "{tmp_path / "journal.db"}"

[kafka]
bootstrap_servers = {json.dumps(kafka.bootstrap_servers.split(","))}
topic = "{topic}"
rejected_topic = ""

[simulator]
sensors = {json.dumps(sensors)}

[health]
listen = "127.0.0.1:{port.number}"
""")
        gateway = Gateway(tmp_path, config)
        started.append(gateway)
        return gateway.start(), f"http://127.0.0.1:{port.number}"

    yield start
    for one in started:
        one.close()
    port.release()

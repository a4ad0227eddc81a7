"""Whatever breaks on the way to the page, it says so in words of its own and recovers by itself."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from sandbox.dashboard import Dashboard
from sandbox.kafka import Kafka
from sandbox.programs import Gateway
from tests.dashboard.browser.conftest import Visit, create_topics
from tests.dashboard.browser.records import Writer, writing

pytestmark = pytest.mark.system

LOST = "The connection to the dashboard's server is lost."
NO_KAFKA = "Kafka does not answer."


def test_the_page_comes_back_after_a_restart_of_the_server(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    server = dashboard()
    page = visit(server.url, lenient=True).page  # the browser complains of the refused connection
    write.reading("S1", 41.0)
    expect(page.locator("#link")).to_have_text("Live")
    server.stop()
    expect(page.locator("#banners")).to_contain_text(LOST)
    expect(page.locator("#link")).to_have_text("Not connected")
    write.reading("S1", 42.0)
    server.start()
    expect(page.locator("#banners .banner")).to_have_count(0)
    expect(page.locator(".tile .celsius")).to_have_text("42.0")
    write.reading("S1", 43.0)
    expect(page.locator(".tile .celsius")).to_have_text("43.0")


@pytest.mark.usefixtures("thorough")
def test_a_server_that_hangs_is_noticed_too(dashboard: Callable[..., Dashboard], write: Writer, visit: Visit) -> None:
    server = dashboard()
    page = visit(server.url, lenient=True).page
    write.reading("S1", 41.0)
    expect(page.locator("#link")).to_have_text("Live")
    server.freeze()
    expect(page.locator("#banners")).to_contain_text(LOST)
    server.thaw()
    expect(page.locator("#banners .banner")).to_have_count(0)
    write.reading("S1", 44.0)
    expect(page.locator(".tile .celsius")).to_have_text("44.0")


def test_the_page_comes_back_after_a_restart_of_kafka(tmp_path: Path, visit: Visit) -> None:
    with Kafka(tmp_path / "kafka") as own:
        create_topics(own, "readings")
        arguments = ["--topic", "readings", "--stale-after-s", "60"]
        with Dashboard(tmp_path, own.bootstrap_servers, arguments=arguments) as server:
            page = visit(server.url, lenient=True).page  # it outlives the server
            with writing(own.bootstrap_servers, "readings") as writer:
                writer.reading("S1", 41.0)
            expect(page.locator(".tile .celsius")).to_have_text("41.0")
            own.stop()
            expect(page.locator("#banners")).to_contain_text(NO_KAFKA)
            expect(page.locator("#link")).to_have_text("Kafka is away")
            own.start()
            expect(page.locator("#banners .banner")).to_have_count(0)
            with writing(own.bootstrap_servers, "readings") as writer:
                writer.reading("S1", 45.0)
            expect(page.locator(".tile .celsius")).to_have_text("45.0")


@pytest.mark.usefixtures("thorough")
def test_a_gateway_that_is_gone_has_a_banner_of_its_own(
    dashboard: Callable[..., Dashboard], plant: Callable[..., tuple[Gateway, str]], visit: Visit
) -> None:
    gateway, health = plant("mixer")
    page = visit(dashboard("--gateway", health).url).page
    expect(page.locator("#gateways .what")).to_have_text(f"Gateway {health.removeprefix('http://')} answers")
    expect(page.locator("#gateways")).to_contain_text("Devices1 connected")
    expect(page.locator('.tile[data-sensor="mixer"] .marks')).to_have_text("Simulated")
    gateway.stop()
    expect(page.locator("#banners")).to_have_text(
        f"The gateway at {health} does not answer. Its machines may be unwatched."
    )
    gateway.start()
    expect(page.locator("#banners .banner")).to_have_count(0)

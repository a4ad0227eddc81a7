"""The only wiring: settings -> objects, and what runs as long as the dashboard does."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Callable
from pathlib import Path

from dashboard.errors import ConfigError
from dashboard.events import say
from dashboard.feed.feed import Feed
from dashboard.feed.hour import Hour
from dashboard.hub import Hub
from dashboard.intake import Intake
from dashboard.language import Languages
from dashboard.listen import bind
from dashboard.machines import read_machines
from dashboard.measures import Measures
from dashboard.plant.links import KafkaState
from dashboard.plant.moment import Moment
from dashboard.plant.plant import Plant
from dashboard.server import Server
from dashboard.settings import Settings
from dashboard.web.guard import Guard
from dashboard.web.history import HistoryPages
from dashboard.web.pages import Pages
from dashboard.web.site import site

WATCH_S = 0.25
MACHINES_S = 2.0
OTHER_CONNECTIONS = 512  # besides the streams: pages, scripts, questions


def now() -> Moment:
    """What time it is."""
    return Moment(time.time_ns() // 1_000_000, time.monotonic())


def run(settings: Settings) -> int:
    """Serve the page until a signal ends it; return the exit code."""
    # A signal that comes before the server listens for it ends the program as it is.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(os.EX_OK))
    return asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    listening = bind(settings.listen)
    plant = Plant(settings.machines, settings.max_sensors, settings.stale_after_s)
    hub = Hub(plant, now, secrets.token_hex(8), settings.max_clients)
    intake = Intake(settings.topic, plant, now, asyncio.get_running_loop(), hub.touch)
    feed = Feed(settings.bootstrap_servers, settings.kafka.client_settings, settings.topics, intake.take, intake.skip)
    hour = Hour(settings.bootstrap_servers, settings.kafka.client_settings, intake.take)
    secure = settings.tls is not None
    pages = Pages(
        Languages(settings.language),
        has_history=settings.history is not None,
        has_gateways=bool(settings.gateways),
    )
    history = HistoryPages(settings.history) if settings.history else None

    def measure() -> Measures:
        return Measures(
            kafka_up=plant.kafka.up,
            sensors=plant.sensors,
            clients=hub.clients,
            max_clients=hub.max_clients,
            refused_clients=hub.refused,
            records=dict(intake.records),
            skipped=plant.skipped,
        )

    guard = Guard(site(pages, hub, plant, history, now, measure), settings.allowed_hosts, settings.token, secure=secure)
    server = Server(guard, settings.tls, settings.max_clients + OTHER_CONNECTIONS, hub.close)
    feed.start(hour.want)
    hour.start()
    port = listening.getsockname()[1]
    say("started", url=settings.listen.url(settings.scheme, port), kafka=settings.bootstrap_servers)
    async with asyncio.TaskGroup() as tasks:
        rest = [
            tasks.create_task(hub.run(), name="hub"),
            tasks.create_task(_watch(plant, feed, hub.touch), name="watch"),
            tasks.create_task(_follow_machines(plant, settings), name="machines"),
            tasks.create_task(_ask_gateways(plant, settings), name="gateways"),
        ]
        await server.serve([listening])
        for task in rest:
            task.cancel()
    feed.stop()
    hour.stop()
    say("stopped")
    return os.EX_OK


async def _watch(plant: Plant, feed: Feed, touch: Callable[[], None]) -> None:
    """Notice what nobody reports: a sensor that fell silent, Kafka that does not answer."""
    since_ms, was_up = now().wall_ms, None
    while True:
        moment = now()
        is_up = feed.is_up(moment.steady_s)
        if is_up is not was_up:
            since_ms = moment.wall_ms
            if was_up is not None or is_up:
                say("kafka_up" if is_up else "kafka_down", reason=None if is_up else feed.trouble)
            was_up = is_up
        plant.set_kafka(KafkaState(is_up, since_ms, None if is_up else feed.trouble or "no answer"))
        plant.age(moment)
        touch()
        await asyncio.sleep(WATCH_S)


async def _ask_gateways(plant: Plant, settings: Settings) -> None:
    if settings.gateways:
        from dashboard import gateways  # httpx is loaded only where there is somebody to ask

        await gateways.watch(settings.gateways, plant.set_gateways)


async def _follow_machines(plant: Plant, settings: Settings) -> None:
    """Take new names and limits when the file changes; one that is wrong is told, and the last right one holds."""
    path = settings.machines_file
    stamp = _stamp(path) if path else None
    while path is not None:
        await asyncio.sleep(MACHINES_S)
        if stamp == (stamp := _stamp(path)):
            continue
        try:
            plant.set_machines(read_machines(path))
        except ConfigError as exc:
            say("machines_kept", reason=exc)
        else:
            say("machines_read", file=path)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns

"""The only wiring: configuration to objects, and their life from start to stop."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, assert_never

import structlog

from gateway import __version__, control
from gateway.certificate_watch import CertificateWatch, ways
from gateway.config import Config, SimulatorOptions
from gateway.discovery import discover
from gateway.errors import ConfigError
from gateway.health.snapshot import JournalSize, LastReading, Snapshot, SourceState
from gateway.journal import Journal, Release
from gateway.mqtt_options import MqttOptions
from gateway.pipeline.committer import Committer
from gateway.pipeline.forwarding import Forwarder
from gateway.pipeline.intake import Intake
from gateway.pipeline.pacing import Pacer
from gateway.pipeline.rejected_frames import RejectedFrames
from gateway.sinks.kafka_door import Door, door_of
from gateway.sinks.kafka_sink import KafkaClient, KafkaSink
from gateway.sources.csv_options import CsvOptions
from gateway.sources.http_options import HttpOptions, HttpServerOptions
from gateway.sources.modbus_options import ModbusOptions
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_topics import MqttSource
from gateway.sources.serial_options import SerialOptions
from gateway.sources.simulator import SimulatorSource
from gateway.sources.source import Recall, Source

log = structlog.get_logger()

LAST_SENDS_S = 2.0  # on a stop, how long Kafka may take for what waits; the rest stays in the journal
QUICK_SENDS_S = 0.2  # when the same journal goes on at once: enough for the batch under way, else it is sent again
JOURNAL_STUCK_S = 120.0  # one commit; an SD card's fsync of 5 s is slow, not stuck
KAFKA_STUCK_S = 600.0  # one batch: the client has time limits of its own, and may have to send 500 records singly

SourceOptions = (
    SerialOptions | MqttOptions | ModbusOptions | CsvOptions | HttpOptions | HttpServerOptions | SimulatorOptions
)


class Pipeline:
    """One configuration at work on an open journal.

    Made while another one still works on that journal: nothing is touched before `running` is entered.

    Args:
        config: what to run.
        simulate: use the simulator alone, whatever the configuration names.

    Raises:
        ConfigError: the Kafka client that it names, or what Modbus needs, is not installed; or what Kafka asks
            for cannot be read.
    """

    def __init__(self, config: Config, *, simulate: bool) -> None:
        self.config = config
        options = _options(config, simulate=simulate)
        self._sources = [_source(one, config, place, self._recall) for place, one in enumerate(options)]
        self._sink = _kafka_sink(config, config.kafka.topic)
        self._forwarder = Forwarder(self._sink)
        # A client of its own, made when the first frame is sent: no reading ever waits behind a bad frame.
        rejected_sink = _kafka_sink(config, config.kafka.rejected_topic) if config.kafka.rejected_topic else None
        self._rejected = RejectedFrames(rejected_sink, config.gateway.id)
        self._certificates = CertificateWatch(ways(config))
        self._last_sends_s = LAST_SENDS_S

    @asynccontextmanager
    async def running(self, journal: Journal) -> AsyncIterator[None]:
        """Work as long as the context lives; when it is left, everything taken is durable, or not acknowledged.

        Raises:
            SpoolError: the journal cannot be read; nothing has begun.
        """
        self._journal = journal
        self._began_s = time.monotonic()
        self._forwarder.restart(journal.name, journal.delivered, journal.last_sequence)
        self._committer = committer = Committer(journal, self._forwarder, self.config.journal.when_full)
        pacer = Pacer(self.config.gateway.interval_s, self.config.gateway.keep)
        self._intake = intake = Intake(pacer, committer, self._rejected.offer)

        async def answer(request: dict[str, Any]) -> dict[str, Any]:
            found = await committer.ask(lambda opened: opened.answer(request))
            return found | self.snapshot().document() if request.get("command") == "status" else found

        if held := journal.held():
            committer.submit([Release(reading) for reading in held], lambda: None)
        committer.start()
        self._forwarding = asyncio.create_task(self._forwarder.run(committer), name="forwarding")
        self._rejecting = asyncio.create_task(self._rejected.run(), name="rejected frames")
        self._pacing = asyncio.create_task(intake.release_held(), name="pacing")
        self._reading = asyncio.create_task(self._read_sources(), name="sources")
        self._watching = asyncio.create_task(self._certificates.run(), name="certificates")
        try:
            async with AsyncExitStack() as door:
                try:
                    await door.enter_async_context(control.listening(self.config.journal.path, answer))
                except OSError as exc:
                    log.error("control_socket_failed", error=str(exc), effect="`gateway spool` cannot ask this gateway")
                yield
        finally:
            await self._stop()

    async def ended(self) -> None:
        """Wait until finite sources are exhausted, and Kafka has what they gave, unless it is down.

        Raises:
            SpoolError: the journal's thread died.
        """
        running: set[asyncio.Future[Any]] = {self._forwarding, self._pacing, self._reading, self._committer.died}
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()  # raises what ended it, if it was not the end of its work
        self._intake.release_all()
        await self._committer.settled()
        while self._forwarder.down_s is None:
            try:
                await asyncio.wait_for(self._forwarder.drained(), LAST_SENDS_S)
            except TimeoutError:
                continue
            return

    def hurry(self) -> None:
        """Leave what waits to the next pipeline on this journal: serial ports are unread until that one has begun."""
        self._last_sends_s = QUICK_SENDS_S

    def stuck(self) -> list[str]:
        """What makes no progress although it has work; empty when all is well or waits for something outside."""
        found = []
        if self._committer.stuck_s() > JOURNAL_STUCK_S:
            found.append(f"the journal has not finished a commit for {self._committer.stuck_s():.0f} s")
        if self._forwarder.stuck_s() > KAFKA_STUCK_S:
            found.append(f"the Kafka client has not answered for {self._forwarder.stuck_s():.0f} s")
        return found

    def snapshot(self) -> Snapshot:
        """How it is now."""
        intake, forwarder, committer, rejected = self._intake, self._forwarder, self._committer, self._rejected
        now_s = time.monotonic()
        given_up = {"drop_oldest": self._journal.dropped_total} if self._journal.dropped_total else {}
        return Snapshot(
            version=__version__,
            pid=os.getpid(),
            journal=self._journal.name,
            running_s=now_s - self._began_s,
            sources=_named((one, is_up, intake.source_errors.get(one)) for one, is_up in intake.sources.items()),
            sensors={name: LastReading(one.celsius, now_s - at_s) for name, (one, at_s) in intake.newest.items()},
            waiting_for_kafka=forwarder.waiting,
            kafka_down_s=forwarder.down_s,
            kafka_error=forwarder.down_because,
            journal_trouble=committer.trouble,
            journal_error=committer.error,
            stuck=self.stuck(),
            journal_busy_s=committer.stuck_s(),
            kafka_busy_s=forwarder.stuck_s(),
            last_delivery_at_s=forwarder.last_delivery_at_s,
            delivered_total=forwarder.delivered_total,
            delivery_failures_total=dict(forwarder.failures_total),
            quarantined_total=forwarder.refused_total + self._journal.damaged_total,
            readings_total=dict(intake.readings_total),
            retained_total=intake.retained_total,
            superseded_total=intake.superseded_total,
            rejected_total=dict(intake.rejected_total),
            rejected_sent_total=rejected.sent_total,
            rejected_unsent_total=rejected.unsent_total,
            dropped_total={**intake.dropped_total, **given_up},
            clock_jumps_total=intake.clock.jumps_total,
            clock_unsynced=intake.clock.is_early,
            certificates=self._certificates.ends_at_s,
        )

    async def measured(self) -> JournalSize:
        """How large the journal is, as its thread knows; may take as long as a commit.

        Raises:
            SpoolError: it cannot be read.
        """
        used_bytes, max_bytes, oldest_ms = await self._committer.ask(Journal.size)
        disk = os.statvfs(self.config.journal.path.parent)
        return JournalSize(used_bytes, max_bytes, disk.f_bavail * disk.f_frsize, oldest_ms)

    def say(self, event: str, **fields: object) -> None:
        """Log that this configuration works now."""
        log.info(
            event,
            version=__version__,
            pid=os.getpid(),
            journal=self._journal.name,
            path=str(self.config.journal.path),
            waiting=self._forwarder.waiting,
            kafka=",".join(self.config.kafka.bootstrap_servers),
            topic=self.config.kafka.topic,
            **fields,
        )

    def say_ended(self, event: str) -> None:
        """Log what went through, after `running` was left."""
        log.info(
            event,
            readings=self._intake.readings_total.total(),
            retained=self._intake.retained_total,
            rejected=self._intake.rejected_total.total(),
            rejected_sent=self._rejected.sent_total,
            superseded=self._intake.superseded_total,
            dropped=self._intake.dropped_total.total() + self._journal.dropped_total,
            delivered=self._forwarder.delivered_total,
            waiting=self._journal.last_sequence - self._journal.delivered,
        )

    async def _stop(self) -> None:
        # First no more readings, then everything durable, then a last chance for Kafka.
        await _end(self._reading, self._pacing, self._watching)
        self._intake.release_all()
        await self._committer.settled()
        if self._forwarder.down_s is None:  # else it would be waiting for nothing
            try:
                async with asyncio.timeout(self._last_sends_s):
                    await self._forwarder.drained()
                    await self._rejected.drained()
            except TimeoutError:
                pass
        await _end(self._forwarding, self._rejecting)
        await self._rejected.close()
        await self._sink.close()
        await self._committer.stop()
        # What the journal has given up, counting on us to send it, is lost now, but for what Kafka took unheard.
        self._journal.dropped_total += self._forwarder.unsent(self._journal.given_up_through)

    async def _read_sources(self) -> None:
        sources = self._sources or [await self._discovered()]
        async with asyncio.TaskGroup() as group:
            for source in sources:
                group.create_task(self._intake.run_source(source), name=source.name)

    async def _recall(self, source: str) -> str | None:
        return await self._committer.ask(lambda opened: opened.position(source))

    async def _discovered(self) -> Source:
        found = await discover(self.config.discovery, MqttOptions(), _client_id(self.config, 0))
        return _source(found, self.config, 0, self._recall)


def _named(sources: Iterable[tuple[Source, bool, str | None]]) -> dict[str, SourceState]:
    """Sources by name; two of one name, such as two tables for one broker, are counted."""
    found: dict[str, SourceState] = {}
    for source, is_up, error in sources:
        again = sum(name.partition(" #")[0] == source.name for name in found)
        found[f"{source.name} #{again + 1}" if again else source.name] = SourceState(is_up, error)
    return found


def _options(config: Config, *, simulate: bool) -> list[SourceOptions]:
    if simulate:
        return [config.simulator or SimulatorOptions()]
    configured: list[SourceOptions] = [
        *config.serial,
        *config.mqtt,
        *config.modbus,
        *config.csv,
        *config.http,
    ]
    if config.http_server is not None:
        configured.append(config.http_server)
    if config.simulator is not None:
        configured.append(config.simulator)
    return configured


def _source(options: SourceOptions, config: Config, place: int, recall: Recall) -> Source:
    match options:
        case SerialOptions():
            from gateway.sources.serial_lines import SerialSource  # pyserial likewise, 0.6 MB

            return SerialSource(options)
        case MqttOptions():
            # Two links to one broker need two ids; the place in the file is as stable as the file.
            client_id = options.client_id or _client_id(config, place)
            devices = [(device.topics, device) for device in options.devices]
            return MqttSource(broker_of(options, client_id), options.topics, devices=devices)
        case ModbusOptions():
            return _modbus_source(options)
        case CsvOptions():
            from gateway.sources.csv_file import CsvSource  # as with Kafka clients: only who reads files pays

            return CsvSource(options, recall)
        case HttpOptions():
            from gateway.sources.http_poll import HttpPollSource  # httpx takes 17 MB of memory: only who polls pays

            return HttpPollSource(options)
        case HttpServerOptions():
            from gateway.sources.http_posts import HttpPostSource  # h11 likewise, 4 MB

            return HttpPostSource(options)
        case SimulatorOptions():
            return SimulatorSource(options.sensors, options.seed, options.interval_s)
        case _:
            assert_never(options)


def _modbus_source(options: ModbusOptions) -> Source:
    """A bus that is asked; pymodbus takes several megabytes of memory, and is not installed by default.

    Raises:
        ConfigError: the package is not installed.
    """
    try:
        from gateway.sources.modbus_poll import ModbusSource
    except ImportError as exc:
        raise ConfigError(
            f"there is a [[modbus]] table, but the package for it cannot be loaded ({exc}): "
            'pip install "suhu-gateway[modbus]", or leave the table out'
        ) from exc
    return ModbusSource(options)


def broker_of(options: MqttOptions, client_id: str) -> Broker:
    """The broker that a table describes; raises ConfigError when a file it names cannot be read."""
    return Broker(
        options.host,
        options.port,
        client_id,
        options.protocol,
        options.username,
        options.files().get("password_file"),
        options.encryption(),
    )


def _kafka_sink(config: Config, topic: str) -> KafkaSink:
    door = door_of(config.kafka)
    return KafkaSink(_kafka_client(config, door, topic), door, topic)


def _kafka_client(config: Config, door: Door, topic: str) -> KafkaClient:
    """The configured client; the other one is not loaded, because each takes several megabytes of memory.

    Raises:
        ConfigError: the client's package is not installed.
    """
    kafka, name = config.kafka, f"suhu-gateway-{config.gateway.id}"
    match kafka.client:
        case "kafka-python-ng":
            from gateway.sinks.kafka_python import KafkaPythonClient

            return KafkaPythonClient(door, topic, name)
        case "confluent":
            try:
                from gateway.sinks.kafka_confluent import ConfluentClient
            except ImportError as exc:
                raise ConfigError(
                    f'kafka.client is "confluent", but its package cannot be loaded ({exc}): '
                    'pip install "suhu-gateway[fast]", or leave the line out'
                ) from exc
            return ConfluentClient(door, topic, name)
        case _:
            assert_never(kafka.client)


def _client_id(config: Config, place: int) -> str:
    return f"suhu-gateway-{config.gateway.id}-{place}"


async def _end(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

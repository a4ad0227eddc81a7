"""The only wiring: configuration to objects, and their life from start to stop."""

import asyncio
import os
import signal
import sys
from typing import Any, assert_never

import structlog

from gateway import __version__, control
from gateway.config import Config, SerialOptions, SimulatorOptions
from gateway.discovery import discover
from gateway.errors import ConfigError
from gateway.journal import Journal, Release
from gateway.mqtt_options import MqttOptions
from gateway.pipeline.committer import Committer
from gateway.pipeline.forwarding import Forwarder
from gateway.pipeline.intake import Intake
from gateway.pipeline.pacing import Pacer
from gateway.sinks.kafka_sink import KafkaClient, KafkaSink
from gateway.sources.mqtt_broker import Broker, Tls
from gateway.sources.mqtt_topics import MqttSource
from gateway.sources.serial_lines import SerialSource
from gateway.sources.simulator import SimulatorSource
from gateway.sources.source import Source

log = structlog.get_logger()

LAST_SENDS_S = 2.0  # on a stop, how long Kafka may take for what waits; the rest stays in the journal

# A thread that comes back from the disk or from Kafka waits so long for a busy one. Python's 5 ms, several times per
# batch, is most of the time that a batch takes: with it a third less goes through, for more CPU.
THREAD_SWITCH_S = 0.001

SourceOptions = SerialOptions | MqttOptions | SimulatorOptions


async def run(config: Config, *, simulate: bool) -> None:
    """Run the gateway until SIGTERM or SIGINT, or until finite sources are exhausted.

    Args:
        config: what to run.
        simulate: use the simulator alone, whatever the configuration names.

    Raises:
        AlreadyRunning: the journal belongs to another process.
        SpoolError: the journal cannot be used.
    """
    sys.setswitchinterval(THREAD_SWITCH_S)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    journal = Journal(config.journal.path, config.gateway.id, config.journal.max_bytes)
    try:
        await _run(config, journal, simulate=simulate, stop=stop)
    finally:
        journal.close()


async def _run(config: Config, journal: Journal, *, simulate: bool, stop: asyncio.Event) -> None:
    sink = KafkaSink(_kafka_client(config), config.kafka.bootstrap_servers, config.kafka.topic)
    forwarder = Forwarder(sink)
    forwarder.restart(journal.name, journal.delivered, journal.last_sequence)
    committer = Committer(journal, forwarder, config.journal.when_full)
    intake = Intake(Pacer(config.gateway.interval_s, config.gateway.keep), committer)
    log.info(
        "started",
        version=__version__,
        pid=os.getpid(),
        journal=journal.name,
        path=str(config.journal.path),
        waiting=forwarder.waiting,
        kafka=",".join(config.kafka.bootstrap_servers),
        topic=config.kafka.topic,
    )
    if held := journal.held():
        committer.submit([Release(reading) for reading in held], lambda: None)
    committer.start()
    forwarding = asyncio.create_task(forwarder.run(committer), name="forwarding")
    pacing = asyncio.create_task(intake.release_held(), name="pacing")
    reading = asyncio.create_task(_read_sources(config, intake, simulate=simulate), name="sources")
    stopping = asyncio.create_task(stop.wait(), name="stop signal")

    async def answer(request: dict[str, Any]) -> dict[str, Any]:
        return await committer.ask(lambda opened: opened.answer(request))

    async with control.listening(config.journal.path, answer):
        running: set[asyncio.Future[Any]] = {forwarding, pacing, reading, stopping, committer.died}
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    # First no more readings, then everything durable, then a last chance for Kafka.
    await _end(reading, stopping, pacing)
    intake.release_all()
    await committer.settled()
    try:
        await asyncio.wait_for(forwarder.drained(), LAST_SENDS_S)
    except TimeoutError:
        pass
    await _end(forwarding)
    await sink.close()
    await committer.stop()
    log.info(
        "stopped",
        readings=intake.readings_total.total(),
        retained=intake.retained_total,
        rejected=intake.rejected_total.total(),
        superseded=intake.superseded_total,
        dropped=intake.dropped_total.total() + journal.dropped_total,
        delivered=forwarder.delivered_total,
        waiting=journal.last_sequence - journal.delivered,
    )
    for task in done - {stopping}:
        task.result()  # raises what ended it, if it was not the end of its work


async def _read_sources(config: Config, intake: Intake, *, simulate: bool) -> None:
    options = await _source_options(config, simulate=simulate)
    async with asyncio.TaskGroup() as group:
        for place, one in enumerate(options):
            source = _source(one, config, place)
            group.create_task(intake.run_source(source), name=source.name)


async def _source_options(config: Config, *, simulate: bool) -> list[SourceOptions]:
    if simulate:
        return [config.simulator or SimulatorOptions()]
    configured: list[SourceOptions] = [*config.serial, *config.mqtt]
    if config.simulator is not None:
        configured.append(config.simulator)
    return configured or [await discover(config.discovery, MqttOptions(), _client_id(config, 0))]


def _source(options: SourceOptions, config: Config, place: int) -> Source:
    match options:
        case SerialOptions():
            return SerialSource(options.port, options.baudrate, options.sensor_id)
        case MqttOptions():
            # Two links to one broker need two ids; the place in the file is as stable as the file.
            client_id = options.client_id or _client_id(config, place)
            return MqttSource(_broker(options, client_id), options.topics)
        case SimulatorOptions():
            return SimulatorSource(options.sensors, options.seed, options.interval_s)
        case _:
            assert_never(options)


def _broker(options: MqttOptions, client_id: str) -> Broker:
    files = options.files()
    return Broker(
        options.host,
        options.port,
        client_id,
        options.protocol,
        options.username,
        files.get("password_file"),
        Tls(files.get("ca_file"), files.get("cert_file"), files.get("key_file")) if options.tls else None,
    )


def _kafka_client(config: Config) -> KafkaClient:
    """The configured client; the other one is not loaded, because each takes several megabytes of memory.

    Raises:
        ConfigError: the client's package is not installed.
    """
    kafka, name = config.kafka, f"suhu-gateway-{config.gateway.id}"
    match kafka.client:
        case "kafka-python-ng":
            from gateway.sinks.kafka_python import KafkaPythonClient

            return KafkaPythonClient(kafka.bootstrap_servers, kafka.topic, name)
        case "confluent":
            try:
                from gateway.sinks.kafka_confluent import ConfluentClient
            except ImportError as exc:
                raise ConfigError(
                    f'kafka.client is "confluent", but its package cannot be loaded ({exc}): '
                    'pip install "suhu-gateway[fast]", or leave the line out'
                ) from exc
            return ConfluentClient(kafka.bootstrap_servers, kafka.topic, name)
        case _:
            assert_never(kafka.client)


def _client_id(config: Config, place: int) -> str:
    return f"suhu-gateway-{config.gateway.id}-{place}"


async def _end(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

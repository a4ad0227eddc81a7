"""One stage for each kind of source: the real thing on the other end of its link, for the contract suite.

A new source needs a stage here, and its line in STAGES of test_contract.py; see docs/adding-a-source.md.
"""

import asyncio
import itertools
import json
import os
import tty
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gateway.model import Delivery, SourceKind
from gateway.sources.csv_file import CsvSource
from gateway.sources.csv_options import CsvOptions
from gateway.sources.http_options import HttpOptions, HttpServerOptions
from gateway.sources.http_poll import HttpPollSource
from gateway.sources.http_posts import HttpPostSource
from gateway.sources.modbus_options import ModbusOptions
from gateway.sources.modbus_poll import ModbusSource
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_topics import MqttSource
from gateway.sources.serial_lines import SerialSource
from gateway.sources.serial_options import SerialOptions
from gateway.sources.simulator import SimulatorSource
from gateway.sources.source import Source
from sandbox.mosquitto import Mosquitto
from tests.gateway.sources.modbus_unit import ModbusUnit
from tests.gateway.sources.web_api import WebApi, answer

MOMENT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
clients = (f"contract-{number}" for number in itertools.count())


class Stage(ABC):
    """The far end of one source's link."""

    kind: SourceKind
    sensor_id = "S1"
    finite = False  # the iterator ends by itself
    told = True  # it says what a test tells it to
    can_be_lost = True
    brings_again = False  # what was not acknowledged comes again after opening anew

    @abstractmethod
    def source(self) -> Source:
        """A new source for this link, as after a restart of the gateway."""

    @asynccontextmanager
    async def set(self) -> AsyncIterator[None]:
        """Set up and take down."""
        yield

    async def say(self, *temperatures_fahrenheit: float | None) -> None:
        """Say these temperatures of S1, in °F; None: something that is no temperature.

        May be called before the source is opened or while it is open, whichever the link allows.
        """
        raise NotImplementedError

    async def lose(self) -> None:
        """Break the link."""
        raise NotImplementedError

    def committed(self, delivery: Delivery) -> None:
        """What the pipeline does once the delivery is durable."""
        delivery.ack()


class SerialStage(Stage):
    kind: SourceKind = "serial"

    def source(self) -> Source:
        return SerialSource(SerialOptions(port=self.path))

    @asynccontextmanager
    async def set(self) -> AsyncIterator[None]:
        self.device, self.held = os.openpty()
        tty.setraw(self.held)
        self.path = os.ttyname(self.held)
        try:
            yield
        finally:
            await self.lose()

    async def say(self, *temperatures_fahrenheit: float | None) -> None:
        lines = [f"S1 {one} F" if one is not None else "pintu terbuka" for one in temperatures_fahrenheit]
        os.write(self.device, "".join(f"\n{line}\n" for line in lines).encode())

    async def lose(self) -> None:
        if self.device >= 0:
            os.close(self.device)
            os.close(self.held)
            self.device = -1


class MqttStage(Stage):
    kind: SourceKind = "mqtt"
    brings_again = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client_id = next(clients)

    def source(self) -> Source:
        return MqttSource(Broker(self.broker.host, self.broker.port, self._client_id), ["suhu/{sensor_id}"])

    @asynccontextmanager
    async def set(self) -> AsyncIterator[None]:
        with Mosquitto(self._folder) as self.broker:
            async with self.source().open():
                pass  # the broker keeps what is said for us from now on
            yield

    async def say(self, *temperatures_fahrenheit: float | None) -> None:
        def publish() -> None:
            client = mqtt.Client(CallbackAPIVersion.VERSION2)
            client.connect(self.broker.host, self.broker.port)
            client.loop_start()
            for one in temperatures_fahrenheit:
                payload = f"{one} F" if one is not None else "pintu terbuka"
                client.publish("suhu/S1", payload, qos=1).wait_for_publish(10)
            client.disconnect()
            client.loop_stop()

        await asyncio.to_thread(publish)

    async def lose(self) -> None:
        await asyncio.to_thread(self.broker.close)


class CsvStage(Stage):
    kind: SourceKind = "csv"
    finite = True
    brings_again = True
    follow = False

    def __init__(self, folder: Path) -> None:
        self.path = folder / "readings.csv"
        self.path.write_text("sensor_id,temperature_f\n")
        self._remembered: dict[str, str] = {}

    def source(self) -> Source:
        async def recall(name: str) -> str | None:
            return self._remembered.get(name)

        return CsvSource(CsvOptions(path=self.path, speed=0, follow=self.follow), recall)

    async def say(self, *temperatures_fahrenheit: float | None) -> None:
        with self.path.open("a") as file:
            for one in temperatures_fahrenheit:
                file.write(f"S1,{one if one is not None else 'rusak'}\n")

    async def lose(self) -> None:
        self.path.write_text("x\n")  # another file, and no readings

    def committed(self, delivery: Delivery) -> None:
        super().committed(delivery)
        if delivery.position is not None:
            self._remembered[delivery.position.source] = delivery.position.text


class GrowingCsvStage(CsvStage):
    finite = False
    follow = True


class HttpPollStage(Stage):
    kind: SourceKind = "http"

    def __init__(self) -> None:
        self.api = WebApi([answer(b"", "204 No Content")])

    def source(self) -> Source:
        url = f"http://127.0.0.1:{self.api.port}/"
        return HttpPollSource(HttpOptions(url=url, interval_s=0.05))

    @asynccontextmanager
    async def set(self) -> AsyncIterator[None]:
        async with self.api.serving():
            yield

    async def say(self, *temperatures_fahrenheit: float | None) -> None:
        silence = self.api.answers[-1]
        bodies = [
            json.dumps({"sensor_id": "S1", "temperature_f": one} if one is not None else {"pintu": 1}).encode()
            for one in temperatures_fahrenheit
        ]
        self.api.answers[:] = [*map(answer, bodies), silence]

    async def lose(self) -> None:
        self.api.answers[:] = [answer(b"", "503 Service Unavailable")]


class HttpPostStage(Stage):
    kind: SourceKind = "http"
    can_be_lost = False  # it is the one that is connected to

    def source(self) -> Source:
        self._source = HttpPostSource(HttpServerOptions(listen="127.0.0.1:0"), commit_s=5)
        return self._source

    @asynccontextmanager
    async def set(self) -> AsyncIterator[None]:
        self.statuses: list[int] = []
        self._posts: set[asyncio.Task[None]] = set()
        yield
        await asyncio.wait_for(asyncio.gather(*self._posts, return_exceptions=True), 10)

    async def say(self, *temperatures_fahrenheit: float | None) -> None:
        async def post() -> None:
            while not self._source.port:
                await asyncio.sleep(0.01)
            url = f"http://127.0.0.1:{self._source.port}/readings"
            async with httpx.AsyncClient(trust_env=False) as client:
                for one in temperatures_fahrenheit:
                    document = {"sensor_id": "S1", "temperature_f": one} if one is not None else {"pintu": 1}
                    self.statuses.append((await client.post(url, json=document)).status_code)

        self._posts.add(asyncio.create_task(post()))


class ModbusTcpStage(Stage):
    kind: SourceKind = "serial"
    sensor_id = "mesin/S1"
    on_a_line = False

    def source(self) -> Source:
        place = {"port": f"socket://127.0.0.1:{self.unit.port}"} if self.on_a_line else {
            "host": "127.0.0.1", "port": self.unit.port,
        }  # fmt: skip
        field = {"id": "S1", "reg": 0, "unit": "F", "scale": 0.1}
        device = {"name": "mesin", "fields": [field], "interval_s": 0.01, "timeout_s": 60}
        return ModbusSource(ModbusOptions.model_validate(place | {"devices": [device]}))

    @asynccontextmanager
    async def set(self) -> AsyncIterator[None]:
        self.unit = ModbusUnit(on_a_line=self.on_a_line)
        async with self.unit.serving():
            yield

    async def say(self, *temperatures_fahrenheit: float | None) -> None:
        for one in temperatures_fahrenheit:
            word = b"" if one is None else round(one * 10).to_bytes(2)
            self.unit.answers.put_nowait(b"\x04\x02" + word if word else b"\x84\x02")

    async def lose(self) -> None:
        await self.unit.hang_up()


class ModbusLineStage(ModbusTcpStage):
    """Behind a serial server, which passes on the bytes of the line."""

    on_a_line = True


class SimulatorStage(Stage):
    kind: SourceKind = "simulator"
    told = False
    can_be_lost = False

    def source(self) -> Source:
        return SimulatorSource(["S1"], 1, 0.01)

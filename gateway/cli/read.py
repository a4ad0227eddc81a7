"""`gateway read`: a port or topic as it is, and what the gateway would make of it, side by side."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import PurePosixPath

import click
from pydantic import ValidationError

from gateway.cli.decode import device_of, outcome_json
from gateway.cli.frames import Frame, Frames, shown
from gateway.cli.words import EX_DATAERR, EX_NOINPUT, EX_USAGE, fail, said
from gateway.decode import Decoded, Device, TopicDecoder
from gateway.errors import SourceLost
from gateway.mqtt_options import MqttOptions
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_ear import heard
from gateway.sources.mqtt_topics import PLACEHOLDER, template_pattern
from gateway.sources.serial_options import SerialOptions
from gateway.sources.serial_port import open_port
from gateway.sources.serial_watch import is_mostly_noise

RAW_COLUMNS = 48
AGAIN_S = 0.5
LAST_BYTES = 4096  # of which it is judged whether they are text
FOR_EVER_S = 10.0 * 365 * 86_400


class Balance:
    """Prints frames, and remembers whether there was a reading among them."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.readings = 0
        self.tail = b""  # of what has arrived

    def show(self, frame: Frame, topic: str | None = None) -> None:
        """One line for each reading and each reason, or one JSON object."""
        self.readings += len(frame.found)
        if self._as_json:
            line: dict[str, object] = {} if topic is None else {"topic": topic}
            line |= {"raw": frame.text, "raw_hex": frame.raw.hex()}
            line |= outcome_json(Decoded([*frame.found], [*frame.refused]), explain=True)
            line |= {"cut": True} if frame.cut else {}
            click.echo(json.dumps(line, ensure_ascii=False))
            return
        left = frame.text if topic is None else f"{topic} {frame.text}"
        for outcome_text in _outcomes(frame):
            click.echo(f"{left:<{RAW_COLUMNS}}  {outcome_text}")
            left = ""


@click.command()
@click.option("--port", help="Device path, or a URL such as socket://192.0.2.7:4001.")
@click.option("--baudrate", type=int, default=9600, show_default=True)
@click.option("--mqtt", metavar="HOST[:PORT]", help="An MQTT broker that lets everyone in, in place of a port.")
@click.option("--topic", "topics", multiple=True, help="Its topic filters.  [default: suhu/{sensor_id}]")
@click.option(
    "--device", "device_json", metavar="JSON", help='Its configuration keys, such as \'{"decoder": "dcon"}\'.'
)
@click.option("--follow", is_flag=True, help="Until Ctrl-C, over unplugging too.")
@click.option("--seconds", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="How long, else.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per frame.")
def read(
    port: str | None,
    baudrate: int,
    mqtt: str | None,
    topics: tuple[str, ...],
    device_json: str | None,
    follow: bool,
    seconds: float,
    as_json: bool,
) -> None:
    """Show each frame with the readings in it, or the reason why there is none. Nothing is forwarded or stored.

    Exit code 65 when no reading came, 66 when nothing came at all.
    """
    if (port is None) == (mqtt is None):
        raise click.UsageError("one of --port PORT and --mqtt HOST says what to read; `gateway ports` lists ports")
    device, balance, seconds = (
        device_of(device_json or "{}"),
        Balance(as_json=as_json),
        FOR_EVER_S if follow else seconds,
    )
    try:
        with said():
            if port is not None:
                asyncio.run(_read_port(_options(port, baudrate, device), balance, seconds, again=follow))
            else:
                _read_broker(broker_at(str(mqtt)), topics or ("suhu/{sensor_id}",), device, balance, seconds)
    except KeyboardInterrupt:
        click.echo(err=True)
    _end(balance, port, baudrate)


def broker_at(address: str) -> Broker:
    """The broker at HOST[:PORT], as somebody without a name.

    Raises:
        click.UsageError: that is no address.
    """
    host, _, number = address.rpartition(":") if address.count(":") == 1 else (address, "", "1883")
    try:
        options = MqttOptions(host=host, port=int(number))
    except ValueError:
        raise click.UsageError(f"--mqtt {address}: not HOST or HOST:PORT, such as localhost:1883") from None
    return Broker(options.host, options.port, "")


def _options(port: str, baudrate: int, device: Device) -> SerialOptions:
    try:
        return SerialOptions.model_validate(
            {**device.model_dump(exclude_unset=True), "port": port, "baudrate": baudrate}
        )
    except ValidationError as exc:
        fail(
            "; ".join(f"--{'.'.join(map(str, one['loc'])) or 'device'}: {one['msg']}" for one in exc.errors()), EX_USAGE
        )


async def _read_port(options: SerialOptions, balance: Balance, seconds: float, *, again: bool) -> None:
    ends_s = time.monotonic() + seconds
    opened, told = False, ""
    while True:
        frames = Frames(options, PurePosixPath(options.port).name)
        try:
            async with asyncio.timeout(max(ends_s - time.monotonic(), 0)), open_port(options) as chunks:
                opened, told = True, ""
                async for chunk in chunks:
                    balance.tail = (balance.tail + chunk)[-LAST_BYTES:]
                    for frame in frames.feed(chunk):
                        balance.show(frame)
        except TimeoutError:
            return
        except SourceLost as exc:
            if not (again and opened):
                raise
            if str(exc) != told:
                told = str(exc)
                click.echo(f"gateway: {told}; waiting for it", err=True)
        await asyncio.sleep(AGAIN_S)


def _read_broker(broker: Broker, topics: tuple[str, ...], device: Device, balance: Balance, seconds: float) -> None:
    patterns, decoder = [template_pattern(one) for one in topics], TopicDecoder(device)
    for message in heard(broker, [one.replace(PLACEHOLDER, "+") for one in topics], seconds):
        match = next((found for one in patterns if (found := one.fullmatch(message.topic))), None)
        sensor_id = match.groupdict().get("sensor_id") if match else None
        decoded = decoder.decode(message.topic, message.payload, sensor_id)
        balance.tail = (balance.tail + message.payload)[-LAST_BYTES:]
        balance.show(Frame(message.payload, tuple(decoded.found), tuple(decoded.refused)), message.topic)


def _outcomes(frame: Frame) -> Iterator[str]:
    for one in frame.found:
        yield f"{one.sensor_id}: {one.celsius:g} °C{' (suspect)' if one.suspect else ''}"
    for refused in frame.refused:
        yield f"rejected ({refused.reason}): {refused.detail}"
    if frame.cut:
        yield "not used: perhaps only the end of a line"
    elif not frame.found and not frame.refused:
        yield "no reading in it"


def _end(balance: Balance, port: str | None, baudrate: int) -> None:
    if balance.readings:
        return
    if not balance.tail:
        fail("nothing came: check the device's power and wiring, and that it sends by itself", EX_NOINPUT)
    if port is not None and is_mostly_noise(balance.tail):
        other = 9600 if baudrate == 115_200 else 115_200
        fail(
            f"what came is not text ({shown(balance.tail[-16:])}): {baudrate} baud is not what the device speaks; "
            f"try --baudrate {other}",
            EX_DATAERR,
        )
    fail("no reading came: docs/devices.md says which keys describe a device; try them with --device", EX_DATAERR)

"""`gateway decode`: what the gateway makes of a line or a message, without a device."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from gateway.cli.words import EX_DATAERR, EX_NOINPUT, fail
from gateway.decode import Decoded, Device, PortDecoder, Refused, TopicDecoder


@click.command()
@click.argument("text", required=False)
@click.option("--topic", help="Decode as an MQTT message of this topic, not as a serial line.")
@click.option(
    "--device", "device_json", metavar="JSON", help='Its configuration keys, such as \'{"decoder": "dcon"}\'.'
)
@click.option("--explain", is_flag=True, help="Say for each reading which rule recognised it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--cases", type=click.Path(path_type=Path), help="Decode each case of a JSON lines file.")
def decode(
    text: str | None, topic: str | None, device_json: str | None, explain: bool, as_json: bool, cases: Path | None
) -> None:
    """Decode TEXT, or standard input, as the daemon would. Exit code 65 when nothing in it is a temperature."""
    if cases is not None:
        for answer in _answers(cases):
            click.echo(json.dumps(answer, ensure_ascii=False))
        return
    raw = sys.stdin.buffer.read() if text is None else text.encode()
    device = device_of(device_json or "{}")
    end = "" if topic is not None else device.terminator or "\n"  # what is typed here is a whole line
    decoded = _decoded(raw + end.encode(), topic, device)
    if as_json:
        click.echo(json.dumps(outcome_json(decoded, explain=explain), ensure_ascii=False))
    else:
        _print(decoded, explain=explain)
    if not decoded.found:
        sys.exit(EX_DATAERR)


def _answers(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        fail(f"{path}: cannot be read: {exc}: check the path given with --cases", EX_NOINPUT)
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _answer(line, f"{path}, line {number}")


def _answer(line: str, place: str) -> dict[str, Any]:
    try:
        case = json.loads(line)
        raw = bytes.fromhex(case["payload_hex"]) if "payload_hex" in case else case["payload"].encode()
        hint = dict(case.get("hint") or {})
        prior = hint.pop("prior", None)
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        fail(f"{place}: not a case: {exc}: see the keys id, topic, payload or payload_hex, hint", EX_DATAERR)
    try:
        device = Device.model_validate(hint)
    except ValidationError as exc:  # the other cases are still worth their answers
        refused = Refused("bad_configuration", "; ".join(one["msg"] for one in exc.errors()), raw)
        return {"id": case.get("id"), **outcome_json(Decoded([], [refused]), explain=False)}
    answer = outcome_json(_decoded(raw, case.get("topic"), device, prior), explain=False)
    return {"id": case.get("id"), **answer}


def _decoded(raw: bytes, topic: str | None, device: Device, prior: str | list[str] | None = None) -> Decoded:
    if topic is not None:
        messages = TopicDecoder(device)
        if prior is not None:
            for message in [prior] if isinstance(prior, str) else prior:
                before, _, value = message.partition(" = ")
                messages.decode(before, _bytes(value) if before.startswith("spBv1.0/") else value.encode())
        return messages.decode(topic, raw)
    port = PortDecoder(device, "serial")
    port.reset(partial=False)
    fed, ended = port.feed(raw), port.end()
    return Decoded(fed.found + ended.found, fed.refused + ended.refused)


def _bytes(text: str) -> bytes:
    """Of a binary format, which a case can only hold as hex."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return text.encode()


def device_of(text: str) -> Device:
    """The device that --device describes; a mistake ends the process with its place."""
    try:
        return Device.model_validate(json.loads(text))
    except ValidationError as exc:
        words = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in exc.errors())
        fail(f"--device: {words}: see docs/gateway.toml for the keys", EX_DATAERR)
    except ValueError as exc:
        fail(f"--device: not JSON: {exc}", EX_DATAERR)


def outcome_json(decoded: Decoded, *, explain: bool) -> dict[str, Any]:
    """What was found and refused, as JSON objects."""
    readings = [
        {"sensor_id": one.sensor_id, "suhu_c": one.celsius}
        | ({"suspect": True} if one.suspect else {})
        | ({"rule": one.rule} if explain else {})
        for one in decoded.found
    ]
    rejected = [{"reason": one.reason, "detail": one.detail} for one in decoded.refused]
    return {"readings": readings, "rejected": rejected}


def _print(decoded: Decoded, *, explain: bool) -> None:
    for one in decoded.found:
        rule = f"   by {one.rule or 'its plainest form'}" if explain else ""
        click.echo(f"{one.sensor_id}: {one.celsius:g} °C{' (suspect)' if one.suspect else ''}{rule}")
    for refused in decoded.refused:
        click.echo(f"rejected ({refused.reason}): {refused.detail}", err=True)

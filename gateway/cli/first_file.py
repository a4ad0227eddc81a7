"""The text of a first gateway.toml: what was found, and why. Pure."""

import json
from collections.abc import Iterable, Sequence

from gateway.cli.survey import BrokerReport, PortReport
from gateway.decode import Found
from gateway.health_options import HealthOptions

SHOWN_READINGS = 6


def first_file(
    gateway_id: str,
    servers: Sequence[str],
    ports: Sequence[PortReport] = (),
    brokers: Sequence[BrokerReport] = (),
    *,
    simulate: bool = False,
) -> str:
    """A configuration that loads and starts, with comments for whoever edits it."""
    parts = [
        "# Written by `gateway init`. docs/gateway.toml has every key there is.",
        "[gateway]\n# The first part of every event_id. It need not be the host's name, and should stay.\n"
        f"id = {quoted(gateway_id)}",
        "[kafka]\n# One broker or more, host:port. The topic sensor-suhu must exist, with 3 partitions or more.\n"
        f"bootstrap_servers = {quoted_list(servers)}",
        "# Metrics and health, for programs on this machine only; without the table nothing listens.\n"
        f"[health]\nlisten = {quoted(HealthOptions().listen)}",
        *(_port(one) for one in ports),
        *(_broker(one) for one in brokers),
    ]
    if simulate:
        parts.append(
            "# Simulated machines; the last one overheats again and again. Remove the table when real ones are there.\n"
            '[simulator]\nsensors = ["S1", "S2", "S3"]'
        )
    elif not any(one.readings for one in ports) and not any(one.readings for one in brokers):
        parts.append(
            "# No source gave a reading. Without one in this file the gateway looks again at each start: for a port\n"
            "# on which a device speaks, for MQTT on localhost, and takes its simulator when there is neither."
        )
    return "\n\n".join(parts) + "\n"


def quoted(text: str) -> str:
    """A TOML string: as in JSON, but DEL must be escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def quoted_list(texts: Iterable[str]) -> str:
    """A TOML array of strings."""
    return f"[{', '.join(map(quoted, texts))}]"


def examples(readings: Sequence[Found]) -> str:
    """Some readings, for a person."""
    shown = ", ".join(f"{one.sensor_id} {one.celsius:g} °C" for one in readings[:SHOWN_READINGS])
    more = len(readings) - SHOWN_READINGS
    return f"{shown} and {more} more" if more > 0 else shown


def _port(report: PortReport) -> str:
    table = f"[[serial]]\nport = {quoted(report.port)}\nbaudrate = {report.baudrate}"
    if report.readings:
        return f"# It said: {examples(report.readings)}.\n{table}"
    if report.trouble is not None:
        return _comment(f"{report.trouble}.\n{table}")
    if not report.lines:
        return _comment(
            f"{report.port} said nothing that is text. Once the device speaks, `gateway read` shows it.\n{table}"
        )
    said = "\n".join(f"    {line}" for line in report.lines)
    if report.numbers_alone:
        return _comment(
            f"{report.port} prints numbers among other lines; if they are temperatures in °C, say whose:\n{said}\n"
            f'{table}\nsensor_id = "S1"'
        )
    return _comment(
        f"{report.port} prints text without a temperature that is beyond doubt; docs/devices.md has the keys to say "
        f"which it is:\n{said}\n{table}"
    )


def _broker(report: BrokerReport) -> str:
    place = f"[[mqtt]]\nhost = {quoted(report.host)}\nport = {report.port}"
    if report.readings:
        more = f" {report.more_topics} topics more are not named here." if report.more_topics else ""
        return f"# It passed on: {examples(report.readings)}.{more}\n{place}\ntopics = {quoted_list(report.topics)}"
    topics = 'topics = ["suhu/{sensor_id}"]'
    if report.trouble is not None:
        return _comment(f"{report.trouble}.\n{place}\n{topics}")
    return _comment(
        f"The broker {report.host}:{report.port} passed on {report.messages} messages, none with a temperature that is "
        f"beyond doubt; docs/mqtt-devices.md has topics and keys.\n{place}\n{topics}"
    )


def _comment(text: str) -> str:
    return "\n".join(f"# {line}" for line in text.splitlines())

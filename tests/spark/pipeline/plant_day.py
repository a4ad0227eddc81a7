"""Readings as a plant sends them, and what their statistics must be, without any code of the job."""

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

BEGIN = datetime(2024, 2, 29, 22, 30, 0, tzinfo=UTC)  # long ago: what is ahead of the clock is no reading
END = BEGIN + timedelta(hours=2)  # a reading of each sensor at this time makes all others final
SENSORS = ("S1", "S2", "S3", "tungku/utara #4 °", "mesin-7", "lambat")


@dataclass(frozen=True, slots=True)
class Sent:
    """A record of the readings topic."""

    value: dict[str, Any]
    counts: bool  # whether it belongs into a window

    @property
    def sensor_id(self) -> str:
        name: str = self.value["sensor_id"]
        return name

    @property
    def wire(self) -> bytes:
        return json.dumps(self.value, ensure_ascii=False, separators=(",", ":")).encode()


def plant_day(seed: int, per_sensor: int = 600) -> list[Sent]:
    """Readings of several sensors, each in the order of its gateway; the last ones are at END.

    With wobbling clocks, pauses, stragglers, clocks in 1970, resends and retained messages among them.
    """
    chance = random.Random(seed)
    lines = {sensor: _one_sensor(sensor, per_sensor, chance) for sensor in SENSORS}
    sent: list[Sent] = []
    while any(lines.values()):
        line = lines[chance.choice([sensor for sensor, rest in lines.items() if rest])]
        sent += [line.pop(0) for _ in range(min(len(line), chance.choice((1, 1, 1, 5, 40))))]
    return [_numbered(number, one) for number, one in enumerate(sent, start=1)]


def _numbered(number: int, one: Sent) -> Sent:
    event_id = f"pabrik-1/k3v9/{number}"
    return Sent({**one.value, "event_id": event_id}, one.counts)


def _one_sensor(sensor: str, count: int, chance: random.Random) -> list[Sent]:
    line = []
    now = BEGIN + timedelta(milliseconds=chance.randrange(10_000))
    celsius = chance.uniform(60, 85)
    for _ in range(count):
        now += timedelta(
            milliseconds=chance.choice((200, 999, 1000, 1001, 3000, *[1000] * 20, chance.randrange(90_000)))
        )
        celsius = max(-273.15, celsius + chance.gauss(0, 2))
        line.append(
            Sent(_value(sensor, celsius, now - timedelta(milliseconds=chance.choice((0, 0, 0, 7, 1900)))), True)
        )
        match chance.randrange(40):
            case 0:
                line.append(Sent(_value(sensor, 999.0, now - timedelta(minutes=chance.randrange(2, 90))), False))
            case 1:
                line.append(Sent(_value(sensor, 999.0, datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC)), False))
            case 2:
                line.append(Sent(_value(sensor, 999.0, now, clock_unsynced=True), False))
            case 3:
                line.append(Sent(_value(sensor, 999.0, now, retained=True), False))
    assert now < END - timedelta(minutes=2)
    return [*line, Sent(_value(sensor, 20.0, END), True)]


def _value(sensor: str, celsius: float, at: datetime, **flags: bool) -> dict[str, Any]:
    suhu = round(celsius, 2)
    return {"sensor_id": sensor, "suhu": suhu, "measured_at": _text(at), "source": "simulator", **flags}


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def statistics(sent: Iterable[Sent]) -> dict[tuple[str, int, str], dict[str, Any]]:
    """The statistics of every window before END: (sensor_id, width in s, start) -> fields of the record."""
    windows: dict[tuple[str, int, str], list[tuple[str, float]]] = defaultdict(list)
    for one in sent:
        at = datetime.fromisoformat(one.value["measured_at"])
        if one.counts and at < END:
            for width_s in (10, 60):
                start = at.replace(second=at.second // width_s * width_s, microsecond=0)
                windows[one.sensor_id, width_s, _text(start)].append((one.value["measured_at"], one.value["suhu"]))
    return {window: _of_one(points) for window, points in windows.items()}


def _of_one(points: list[tuple[str, float]]) -> dict[str, Any]:
    celsius = [value for _, value in points]
    last_at = max(at for at, _ in points)
    return {
        "count": len(points),
        "min": min(celsius),
        "max": max(celsius),
        "mean": float(sum(map(Fraction, celsius)) / len(celsius)),
        "last": [value for at, value in points if at == last_at][-1],
        "share_above": sum(value > 80 for value in celsius) / len(celsius),
        "first_measured_at": min(at for at, _ in points),
        "last_measured_at": last_at,
    }

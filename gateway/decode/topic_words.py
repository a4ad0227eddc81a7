"""What the levels of a topic say when no publisher is known by them."""

from dataclasses import dataclass

from gateway.decode.quantity import OTHER, denies, holds_no_readings, measured, tokens

# After the level that names the quantity: the value itself.
VALUE_LEVELS = frozenset({"value", "state", "current", "actual", "val", "reading", "c", "f", "celsius", "fahrenheit"})
UNIT_LEVELS = {"c": "C", "f": "F", "celsius": "C", "fahrenheit": "F"}
SETTINGS = frozenset({"climate", "thermostat", "water_heater", "number", "select"})
COMMANDS = frozenset({"cmnd", "cmd", "command", "commands", "settings", "config", "desired", "setpoints", "target"})
# Last levels of messages about a device instead of its readings.
ABOUT = frozenset({
    "set", "get", "on", "request", "availability", "available", "lwt", "debug", "log", "logs", "logging", "$state",
    "unit_of_measurement", "units", "unit", "alarm", "alarms", "type", "meta",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """What a topic says."""

    device: str  # the topic less its words of quantity
    is_temperature: bool  # a bare number is one
    unit: str | None
    refuse: str  # reason why its messages are no readings; "" for none


def words_of(levels: list[str]) -> Words:
    """Read the levels of a topic."""
    low = [level.lower() for level in levels]
    plain = [level for level in levels if level]
    if not COMMANDS.isdisjoint(low) or low[-1] in ABOUT or any(level.startswith("$") for level in low[1:]):
        return Words("/".join(plain), is_temperature=False, unit=None, refuse="not_measured")
    place = next((place for place in reversed(range(len(levels))) if measured(levels[place]) is not None), None)
    if place is None:
        # `oven/setpoint`, `oven/temperature_limit`: whatever it holds was not measured.
        refuse = "not_measured" if holds_no_readings(levels[-1]) else ""
        return Words("/".join(plain), is_temperature=False, unit=None, refuse=refuse)
    named = measured(levels[place])
    assert named is not None  # noqa: S101 - as it was found above
    after = levels[place + 1 :]
    if any(denies(level) and level.lower() not in VALUE_LEVELS for level in after) or (
        not named.channel and not SETTINGS.isdisjoint(low[:place])
    ):
        return Words("/".join(plain), is_temperature=False, unit=None, refuse="not_measured")
    who = [level for level in after if level.lower() not in VALUE_LEVELS]
    is_temperature = len(who) <= 1 and not any(OTHER.intersection(tokens(level)) for level in who)
    unit = next((UNIT_LEVELS[level.lower()] for level in after if level.lower() in UNIT_LEVELS), named.unit)
    device = "/".join(part for part in (*levels[:place], named.channel, *who) if part)
    return Words(device or "/".join(plain), is_temperature, unit, refuse="")

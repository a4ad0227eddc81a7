"""Which names say that their number is a temperature, and which say that it is not one that was measured."""

import re
from dataclasses import dataclass
from functools import lru_cache

# Part numbers (`MAX31855`) are one word: not every MAX is a maximum.
TOKEN = re.compile(r"(?!T)[A-Z]+[0-9]{3,}|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
MAX_NAME = 128  # characters; longer ones are no names, and the cache holds what it is given

TEMPERATURE = frozenset({
    "suhu", "temperature", "temperatures", "temperatur", "temperatura", "temp", "temps", "temper", "celsius",
    "fahrenheit", "objtmp", "ambtmp",
})  # fmt: skip
# Temperatures that somebody wants, sets, limits or derives; and what only goes with a temperature.
NOT_MEASURED = frozenset({
    "color", "colour", "ct", "mired", "target", "targets", "set", "sets", "setpoint", "setpoints", "sp", "setting",
    "settings", "desired", "goal", "request", "requested", "req", "demand", "command", "cmd", "preset", "wanted", "sel",
    "selected", "soll", "setpt", "comfort", "eco", "away", "holiday", "frost", "antifreeze", "protection", "boost",
    "deadzone", "occupied", "unoccupied", "program", "schedule", "reference", "ref", "dew", "dewpoint", "dewpt",
    "wet", "wetbulb", "index", "feels", "feel", "felt", "like", "apparent", "app", "chill", "windchill", "humidex",
    "heatindex", "limit", "limits", "max", "min", "maximum", "minimum", "high", "low", "hi", "lo", "upper", "lower",
    "over", "under", "alarm", "alarms", "alert", "warning", "warn", "crit", "critical", "threshold", "thresh",
    "trip", "shutdown", "calibration", "calib", "cal", "offset", "hysteresis", "hyst", "tolerance", "sensitivity",
    "resolution", "precision", "accuracy", "delta", "diff", "difference", "mutation", "change", "rate", "trend",
    "gradient", "slope", "rise", "comp", "compensation", "correction", "adjust", "adj", "avg", "average", "mean",
    "median", "stddev", "std", "variance", "forecast", "predicted", "expected", "yesterday", "tomorrow", "unit",
    "units", "status", "state", "fault", "error", "err", "valid", "type", "mode", "scale", "format", "display", "count",
    "cnt", "num", "number", "interval", "period", "periodic", "report", "time", "timestamp", "timeout", "enable",
    "enabled", "present", "ok", "x", "raw", "adc", "mv", "ohm", "ohms", "resistance", "coefficient", "coeff", "factor",
    "gain", "pct", "percent", "default", "window", "days", "hour", "hours", "daily", "today", "write", "reset",
    "invalid", "bad", "severity", "priority", "decimal", "decimals", "bias", "abnormal", "previous", "prev",
    "last", "old", "initial", "start", "stop", "on", "off", "curve", "kp", "ki", "kd", "pid", "output", "duty", "speed",
})  # fmt: skip
# Other quantities: after the word of temperature they are what the number is (`temp_sensor_battery`).
OTHER = frozenset({
    "battery", "batt", "voltage", "volt", "volts", "current", "power", "energy", "humidity", "hum", "pressure", "rssi",
    "snr", "lqi", "linkquality", "rpm", "level", "flow", "co", "light", "lux", "id", "name", "ip", "mac", "port",
    "address", "addr", "version", "frequency", "uptime", "counter", "index", "location", "model", "description",
})  # fmt: skip
# Of objects and lists; `state`, `status` and `report` are such names too, and hold readings.
NO_READINGS = frozenset({
    "target", "targets", "set", "setpoint", "setpoints", "setting", "settings", "desired", "command", "cmd", "request",
    "preset", "schedule", "program", "limit", "limits", "max", "min", "alarm", "alarms", "alert", "alerts", "threshold",
    "thresholds", "calibration", "offset", "forecast", "hourly", "daily", "previous", "prev", "history", "delta",
    "irhvac", "metadata", "meta", "config", "configuration", "update", "old", "avg", "average",
})  # fmt: skip
UNIT_TOKENS = {"c": "C", "f": "F", "k": "K", "celsius": "C", "fahrenheit": "F", "kelvin": "K", "degc": "C", "degf": "F"}
# Written in one word: only what is surely measured; `seltemp`, `heatingtemp`, `ecotemp` are settings.
GLUED = re.compile(
    r"(?:air|amb|ambient|bed|board|body|boil|boiler|chamber|chip|collector|coolant|core|cpu|cur|curflow|curr|cyl|"
    r"cylbottom|cylmiddle|device|env|flow|mixer|"
    r"exhaust|ext|fluegas|gpu|in|indoor|inside|internal|inverter|motor|nozzle|oil|out|outdoor|outside|oven|pool|probe|"
    r"process|ret|return|room|soil|storage|tank|water)temp(?:erature)?(?:hc|vf)?"
)
# tempc, tempf1, tempinf, temp1f, tf_ch1: of Theengs and Ecowitt, lower case; tC and tF of Shelly.
COMPACT = re.compile(r"temp(?P<where>in)?(?P<before>[0-9]*)(?P<unit>[cf])(?P<after>[0-9]*)|tf_(?P<channel>ch[0-9]+)")
ECHOED = frozenset({"external_temperature_input"})  # what others told a Zigbee thermostat
SHELLY = {"tC": "C", "tF": "F"}


@dataclass(frozen=True, slots=True)
class Named:
    """A name of a measured temperature."""

    channel: str  # what tells it from others of the device: the name without its unit, "" when it says no more
    unit: str | None  # that the name implies
    group: tuple[str, ...]  # the same for °C and °F of one reading


def measured(name: str) -> Named | None:
    """What a key or topic level says; None when it does not name a measured temperature."""
    return _measured(name) if len(name) <= MAX_NAME else None


@lru_cache(4096)
def _measured(name: str) -> Named | None:
    if name in SHELLY:
        return Named("", SHELLY[name], ())
    if (compact := COMPACT.fullmatch(name)) is not None:
        if compact["channel"]:
            return Named(compact["channel"], "F", (compact["channel"],))
        channel = "".join(part or "" for part in (compact["where"], compact["before"], compact["after"]))
        return Named(channel, compact["unit"].upper(), (channel,) if channel else ())
    return _of_words(name)


def _of_words(name: str) -> Named | None:
    words = tokens(name)
    if name in ECHOED:
        return None
    places = [place for place, word in enumerate(words) if word in TEMPERATURE or GLUED.fullmatch(word)]
    if not places or NOT_MEASURED.intersection(words):
        return None
    rest = [word for word in words[places[-1] + 1 :] if not word.isdigit()]
    if OTHER.intersection(rest):
        return None
    # The unit comes last (`temperature_1_C`), or right after the word (`TempC_SHT`).
    unit = None
    group = list(words)
    for place in (len(words) - 1, places[-1] + 1, places[-1]):
        if place < len(words) and words[place] in UNIT_TOKENS and (place > places[0] or len(words[place]) > 1):
            unit = UNIT_TOKENS[group.pop(place)]
            break
    channel = re.sub(r"[^A-Za-z0-9]+[A-Za-z]+$", "", name) if unit and words[-1] in UNIT_TOKENS else name
    plain = tuple(word for word in group if word not in TEMPERATURE or word.endswith("tmp"))
    return Named(channel if plain else "", unit, plain)


def tokens(name: str) -> list[str]:
    """The words of a name in lower case: `outTemp_C` has out, temp, c."""
    return [word.lower() for word in TOKEN.findall(name)]


def denies(name: str) -> bool:
    """A name of settings, limits, alarms and the like: its number was not measured."""
    return len(name) > MAX_NAME or _denies(name)


@lru_cache(4096)
def _denies(name: str) -> bool:
    return not NOT_MEASURED.isdisjoint(tokens(name))


def holds_no_readings(name: str) -> bool:
    """A name of an object or list whose temperatures are settings, of the past or of the future."""
    return len(name) > MAX_NAME or _holds_no_readings(name)


@lru_cache(4096)
def _holds_no_readings(name: str) -> bool:
    return not NO_READINGS.isdisjoint(tokens(name))

"""The words by which a line of text says what its number is. Data only."""

import re
from functools import lru_cache


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What makes a label the label of a temperature: one of its words, or its last word's ending (Vorlauftemperatur).
TEMPERATURE_WORDS = _set(
    "temp temps temperature temperatures temperatur temperatura temperatuur température suhu celsius fahrenheit"
)
TEMPERATURE_ENDINGS = ("temperatur", "temperature", "temperatuur", "temperatura", "temp")
# A 1-Wire ROM code of a thermometer: its family is DS18S20, DS1822, DS18B20 or DS1825.
ROM_CODE = re.compile(r"(?:10|22|28|3B)[-.]?[0-9A-F]{12}(?:[0-9A-F]{2})?", re.IGNORECASE)
TEMPERATURE_SYMBOL = re.compile(r"[Tt][0-9]{0,2}|T[ap]")  # as manuals abbreviate it, only when it is the whole label

# A label with one of these is no measured temperature, even with a degree sign: set points, limits, derived
# quantities (dew point, heat index), what a sensor says of itself, and other quantities.
SKIP_WORDS = _set(
    """
    target set setpoint setpt setp sp sv desired soll sollwert consigne wanted
    max min maximum minimum maks high low highest lowest peak limit limits alarm alarms alert threshold
    batas ambang warning warn critical crit trip shutdown cutoff operating rated range
    heatindex hindx dew dewpoint dewpt frost tfrost wet wetbulb bulb chill windchill wchill feels apparent
    td tdp tdf tw humidex thi
    resolution res autoreport calibration calib cal offset reference ref coefficient coeff compensation
    hysteresis tolerance
    accuracy precision delta dt diff difference gradient step rate slope stddev
    color colour emissivity raw adc counts voltage volt volts humidity hum rh kelembaban pressure press baro
    altitude resistance ohm ohms gain time timeout delay interval duration version code crc checksum status
    error fault faults address addr port pin
    above below exceeds exceeded overheat trigger
    failed fail failure requesting request unable invalid missing lost retry retries attempt attempts sensors devices
    samples readings number num no count total type model period size length mode level points
    """
)

# As the last word before a number these make it a condition: `Fan starts at 40.0C`, `Heater off: 75 °C`.
CONDITIONS = _set(
    """
    at to above below over under than by until till from within between about on off
    exceeds exceeded reaches reached starts stops di ke sampai
    """
)
DIFFERENCE = re.compile(r"[dΔδ]\s?T(?![a-z])")

# A number that follows one of these at the end of a label names a sensor.
ID_WORDS = "sensor|device|probe|channel|chan|ch|zone|zona|node|thermometer|tank|tungku|mesin|machine|motor|kanal|input"
NUMBERED = re.compile(rf"\b(?:{ID_WORDS})\s*(?:no\.?|number|#)?\s*#?(?P<id>[0-9]{{1,4}})\b", re.IGNORECASE)

# Written after a number, these say that it is something else.
FOREIGN_UNITS = _set(
    """
    v mv uv kv a ma ua w mw kw wh kwh va ohm ohms kohm Ω hz khz mhz pa hpa kpa mpa bar mbar psi inhg mmhg torr atm
    rh pct percent ppm ppb ug mg g kg lb oz l ml lpm m mm cm km um nm ft in inch inches s sec secs ms us min mins h hr
    hrs hours day days rpm lux lx db dbm b kb mb gb bytes byte bit bits kbps baud px count counts pcs steps deg/s
    """
)


LABELS = 1_024  # that are remembered: a device prints the same ones again and again


def words(label: str) -> list[str]:
    """`boilerTemp_2` -> boiler, temp, 2: as people join words in labels."""
    return [word.lower() for word in re.findall(r"[A-ZÀ-Þ]?[a-zß-ÿ]+|[A-ZÀ-Þ]+(?![a-zß-ÿ])|[0-9]+", label)]


@lru_cache(LABELS)
def is_foreign_unit(text: str) -> bool:
    """Whether the word after a number says that it is no temperature."""
    return text.strip().rstrip(".)").lower() in FOREIGN_UNITS


@lru_cache(LABELS)
def names_temperature(label: str) -> bool:
    """Whether a label says by itself that its number is a temperature."""
    parts = words(label)
    return (
        TEMPERATURE_SYMBOL.fullmatch(label) is not None
        or ROM_CODE.fullmatch(label) is not None
        or any(part in TEMPERATURE_WORDS for part in parts)
        or any(len(part) > 6 and part.endswith(TEMPERATURE_ENDINGS) for part in parts)
    )


@lru_cache(LABELS)
def is_skipped(label: str) -> bool:
    """Whether a label says that its number is no measured temperature."""
    parts = words(label)
    if DIFFERENCE.match(label) is not None or (parts and parts[-1] in CONDITIONS):
        return True
    return not SKIP_WORDS.isdisjoint(parts) or {"heat", "index"} <= set(parts)

"""Numbered readings: the temperature says which one it is, so that it is recognised in the topic."""

import time
from functools import lru_cache

NUMBERS_PER_DEGREE = 10_000
COLDEST_CELSIUS = 20


def celsius_text(number: int) -> str:
    """`24.1234`; rises by 0.0001 with the number, so that it is different each time. Fits up to 799,999."""
    degrees, rest = divmod(number, NUMBERS_PER_DEGREE)
    return f"{COLDEST_CELSIUS + degrees}.{rest:04d}"


def number_of(celsius: float) -> int:
    """The number of a reading that landed."""
    return round((celsius - COLDEST_CELSIUS) * NUMBERS_PER_DEGREE)


def payload(sensor_id: str, number: int, at_ns: int) -> bytes:
    """86 bytes of JSON for an id of three characters, as a sensor with a clock sends them.

    Args:
        sensor_id: whose reading it is.
        number: which one, see celsius_text.
        at_ns: when it was measured, Unix epoch.
    """
    seconds, rest_ns = divmod(at_ns, 1_000_000_000)
    moment = f"{_second(seconds)}.{rest_ns // 1_000_000:03d}Z"
    return f'{{"sensor_id":"{sensor_id}","suhu":{celsius_text(number)},"unit":"C","measured_at":"{moment}"}}'.encode()


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))

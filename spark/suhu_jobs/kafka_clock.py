import time
from types import SimpleNamespace

from kafka import client_async, cluster, conn
from kafka.consumer import fetcher, group

_TIMED = (client_async, cluster, conn, fetcher, group)


def time_by_monotonic_clock() -> None:
    """Have kafka-python-ng's consumer measure its pauses and polls by a clock that nobody sets.

    It takes the difference of two wall clocks for a duration: when the clock is set back by an hour, a poll of 200 ms
    takes an hour, and so does the pause before it connects again. Calling this twice does nothing more.
    """
    monotonic = SimpleNamespace(time=time.monotonic, sleep=time.sleep)
    for module in _TIMED:
        module.time = monotonic

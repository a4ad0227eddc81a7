"""Sparkplug B messages to temperatures: births give names and types to aliases, deaths take them away."""

from collections import OrderedDict
from dataclasses import dataclass

from gateway.decode.document import moment, unit_letter
from gateway.decode.found import Decoded, Found, Refused, checked, to_celsius
from gateway.decode.profile import GENERIC, judged
from gateway.decode.quantity import measured
from gateway.decode.sparkplug_metric import GOOD, Metric, read_metrics
from gateway.errors import FrameError

MAX_PUBLISHERS = 1_000  # edge nodes and devices whose births are remembered; the longest silent ones are forgotten
OWN_METRICS = ("Node Control/", "Device Control/", "Properties/", "bdSeq")


@dataclass(frozen=True, slots=True)
class Born:
    """What a birth says of a metric."""

    name: str
    datatype: int | None
    unit: str | None


class Sparkplug:
    """Keeps the births of edge nodes and devices from one message to the next."""

    def __init__(self) -> None:
        self._births: OrderedDict[tuple[str, ...], dict[int | str, Born]] = OrderedDict()

    def decode(self, levels: list[str], payload: bytes) -> Decoded:
        """What one message says: `spBv1.0/<group>/<type>/<edge node>[/<device>]`.

        Raises:
            FrameError: it carries no reading as a whole.
        """
        if len(levels) not in {4, 5}:
            raise FrameError("not_measured", "no Sparkplug topic of a node or device")
        _, group, kind, *who = levels
        publisher = (group, *who)
        match kind:
            case "NDEATH" | "DDEATH":
                self._forget(publisher)
                raise FrameError("death", f"{'/'.join(publisher)} is offline")
            case "NBIRTH" | "DBIRTH":
                metrics = read_metrics(payload)
                if kind == "NBIRTH":
                    self._forget(publisher)  # its devices are born anew after it
                self._remember(publisher, metrics)
            case "NDATA" | "DDATA":
                metrics = read_metrics(payload)
                if publisher in self._births:
                    self._births.move_to_end(publisher)
            case _:
                raise FrameError("not_measured", f"{kind} carries no measurements")
        return self._decoded(publisher, metrics, payload)

    def _forget(self, publisher: tuple[str, ...]) -> None:
        for one in [known for known in self._births if known[: len(publisher)] == publisher]:
            del self._births[one]

    def _remember(self, publisher: tuple[str, ...], metrics: list[Metric]) -> None:
        born: dict[int | str, Born] = {}
        for metric in metrics:
            if metric.name is not None:
                what = Born(metric.name, metric.datatype, metric.unit)
                born[metric.name] = what
                if metric.alias is not None:
                    born[metric.alias] = what
        self._births[publisher] = born
        if len(self._births) > MAX_PUBLISHERS:
            self._births.popitem(last=False)

    def _decoded(self, publisher: tuple[str, ...], metrics: list[Metric], payload: bytes) -> Decoded:
        found: list[Found] = []
        refused: list[Refused] = []
        births = self._births.get(publisher, {})
        for metric in metrics:
            try:
                if (one := _found(publisher, metric, births)) is not None:
                    found.append(one)
            except FrameError as exc:
                refused.append(Refused(exc.reason, str(exc), payload))
        if not found and not refused:
            raise FrameError("no_temperature", "no metric names a temperature that was measured")
        return Decoded(found, refused)


def _found(publisher: tuple[str, ...], metric: Metric, births: dict[int | str, Born]) -> Found | None:
    """The reading in a metric; None when it is another quantity."""
    key = metric.name if metric.name is not None else metric.alias
    born = births.get(key) if key is not None else None
    name = metric.name if metric.name is not None else born.name if born else None
    if name is None:
        raise FrameError("unknown_alias", f"alias {metric.alias} before a birth of {'/'.join(publisher)}")
    named = measured(name)
    if named is None or name.startswith(OWN_METRICS):
        return None
    if metric.is_null:
        raise FrameError("bad_number", f"{name} is null")
    measured_at = moment(metric.timestamp_ms)
    if metric.is_historical and measured_at is None:
        raise FrameError("historical", f"{name} is of the past, and does not say of when")
    if metric.quality is not None and metric.quality != GOOD:
        raise FrameError("bad_quality", f"{name} has the quality {metric.quality}")
    value = metric.value(metric.datatype or (born.datatype if born else None))
    if value is None:
        raise FrameError("bad_number", f"{name} is no number")
    unit = metric.unit or (born.unit if born else None)
    if unit is not None and unit_letter(unit) is None:
        raise FrameError("unknown_unit", f"{name} is in {unit[:20]!r}")
    celsius = to_celsius(value, unit or named.unit)
    judged(GENERIC, value, celsius)
    one = checked("/".join((*publisher, name)), celsius, measured_at)
    return Found(one.sensor_id, one.celsius, one.measured_at, rule="sparkplug_b")

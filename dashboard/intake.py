import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from dashboard.errors import RecordError
from dashboard.plant.moment import Moment
from dashboard.plant.plant import Plant
from dashboard.records.alert import Alert, parse_alert
from dashboard.records.incident import Incident, parse_incident
from dashboard.records.reading import Reading, parse_reading
from dashboard.records.statistic import Statistic, parse_statistic

Record = Reading | Alert | Incident | Statistic
PIECE = 250  # records that the event loop takes at once: 2 ms


class Intake:
    """From bytes in a thread of the feed to the plant on the event loop; the thread waits until they are taken.

    Attributes:
        records: how many came, by topic.
    """

    def __init__(
        self,
        topic: str,
        plant: Plant,
        now: Callable[[], Moment],
        loop: asyncio.AbstractEventLoop,
        touch: Callable[[], None],
    ) -> None:
        self._parsers: dict[str, Callable[[bytes | None], Record]] = {
            f"{topic}-alerts": parse_alert,
            f"{topic}-stats": parse_statistic,
            f"{topic}-incidents": parse_incident,
        }
        self._plant = plant
        self._now = now
        self._loop = loop
        self._touch = touch
        self.records: Counter[str] = Counter()

    def take(self, topic: str, partition: int, values: Sequence[bytes | None], *, live: bool) -> None:
        """Take records of a partition, in their order; called in a thread of the feed."""
        for start in range(0, len(values), PIECE):
            records = [self._parse(topic, partition, value) for value in values[start : start + PIECE]]
            taken = threading.Event()
            self.records[topic] += len(records)
            try:
                self._loop.call_soon_threadsafe(self._apply, records, live, taken)
            except RuntimeError:  # the loop is closed: the dashboard ends
                return
            taken.wait()

    def skip(self, reason: str, count: int) -> None:
        """Count records that cannot be read; called in a thread of the feed."""
        self._loop.call_soon_threadsafe(self._plant.skip, reason, count)

    def _parse(self, topic: str, partition: int, value: bytes | None) -> Record | str:
        """A record, or why there is none."""
        try:
            if parse := self._parsers.get(topic):
                return parse(value)
            return parse_reading(value, partition, self._now().wall_ms)
        except RecordError as exc:
            return exc.reason

    def _apply(self, records: Sequence[Record | str], live: bool, taken: threading.Event) -> None:
        now = self._now()
        try:
            for record in records:
                self._apply_one(record, now, live=live)
        finally:
            taken.set()
        self._touch()

    def _apply_one(self, record: Record | str, now: Moment, *, live: bool) -> None:
        plant = self._plant
        match record:
            case Reading():
                plant.take_reading(record, now, live=live)
            case Alert():
                plant.take_alert(record)
            case Incident():
                plant.take_incident(record)
            case Statistic():
                plant.take_statistic(record)
            case str():
                plant.skip(record)

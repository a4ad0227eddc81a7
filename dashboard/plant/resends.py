MAX_JOURNALS = 16  # per sensor; a gateway has a new one only when its old one was lost


class Resends:
    """Recognises, of one sensor, what a gateway sent again.

    A gateway keeps the readings of a sensor in order, so a sequence that is not above its journal's highest one is a
    resend, unless it was measured later than all before it: then the gateway's disk was restored from an old image.
    """

    def __init__(self) -> None:
        self._highest: dict[tuple[int, str], tuple[int, int]] = {}  # partition, journal: sequence, measured_at

    def sees(self, partition: int, journal: str, sequence: int, measured_at_ms: int) -> bool:
        """Tell whether this reading was there before, and note that it is there now."""
        key = (partition, journal)
        highest, newest_ms = self._highest.pop(key, (0, measured_at_ms))
        self._highest[key] = max(highest, sequence), max(newest_ms, measured_at_ms)  # at the end: heard of last
        if len(self._highest) > MAX_JOURNALS:
            del self._highest[next(iter(self._highest))]
        return sequence <= highest and measured_at_ms <= newest_ms

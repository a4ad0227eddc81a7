import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

_PLAIN = re.compile(r"[\w.,:;/@+*()\[\]°%-]+")


class EventLog:
    """One line per change of state: `ts=… event="alerts ready" partitions=3`.

    Event names are fixed words, everything that varies is a field.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        """Hand each line, without its newline, to `write`; it must be callable from any thread."""
        self._write = write

    def __call__(self, event: str, **fields: object) -> None:
        """Write one line; fields that are None are left out."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        pairs = {"ts": now, "event": event, **{name: value for name, value in fields.items() if value is not None}}
        self._write(" ".join(f"{name}={_quoted(value)}" for name, value in pairs.items()))


def _quoted(value: object) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)

"""What the program says of itself: one line per change of state, on standard error, as logfmt."""

import json
import sys
from datetime import UTC, datetime


def say(event: str, **fields: object) -> None:
    """Write one line."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = "".join(f" {name}={_quoted(str(value))}" for name, value in fields.items() if value is not None)
    sys.stderr.write(f"timestamp={at} event={event}{told}\n")
    sys.stderr.flush()


def _quoted(text: str) -> str:
    plain = text.isprintable() and text and not set(text) & set(' "=\\')
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())

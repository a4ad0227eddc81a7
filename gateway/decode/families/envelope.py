"""What a family's function gives: the parts of a document that hold readings, each with its place."""

from collections.abc import Callable
from typing import Any

from gateway.decode.json_tree import Place
from gateway.errors import FrameError

Part = tuple[Any, Place]
# document, place of the whole message, levels of its topic -> parts
Envelope = Callable[[Any, Place, list[str]], list[Part]]


def member(document: Any, *path: str) -> Any:
    """What stands under these keys; None when it is not there."""
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def text(document: Any, *path: str) -> str | None:
    """The text under these keys, or a whole number as text; None for all else and for an empty one."""
    value = member(document, *path)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def nothing(why: str) -> FrameError:
    """A message of this family that carries no measurement."""
    return FrameError("not_measured", why)

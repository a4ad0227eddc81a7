import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dashboard.errors import RecordError

GOLDEN = Path(__file__).parents[2] / "contracts" / "golden"


def valid(topic: str) -> list[bytes]:
    """Records that every reader must understand."""
    return (GOLDEN / f"{topic}.valid.jsonl").read_bytes().splitlines()


def invalid(topic: str) -> dict[str, bytes]:
    """Records that no writer may write, by what is wrong with them."""
    lines = (GOLDEN / f"{topic}.invalid.jsonl").read_text("utf-8").splitlines()
    found: dict[str, Any] = {one["why"]: one["record"] for one in map(json.loads, lines)}
    return {why: json.dumps(record).encode() for why, record in found.items()}


def refusal(parse: Callable[[bytes], object], value: bytes) -> str | None:
    """Why a record is refused; None: it is not."""
    try:
        parse(value)
    except RecordError as exc:
        return exc.reason
    return None

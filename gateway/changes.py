"""What differs between two configurations, for a person who has reloaded one."""

from typing import Any

from gateway.config import Config

UNSET = "unset"


def changes(old: Config, new: Config) -> list[str]:
    """One text per key that differs: `gateway.interval_s: 1.0 -> 0.5`; tables are counted from 1, as in errors."""
    before, after = flat("", old.model_dump()), flat("", new.model_dump())
    return [
        f"{key}: {before.get(key, UNSET)} -> {after.get(key, UNSET)}"
        for key in [*before, *(key for key in after if key not in before)]
        if before.get(key, UNSET) != after.get(key, UNSET)
    ]


def flat(place: str, value: Any) -> dict[str, str]:
    """Every leaf under its place, as text: a secret's type masks itself there."""
    parts: dict[str, Any] = {}
    if isinstance(value, dict):
        parts = {f"{place}.{key}" if place else key: one for key, one in value.items()}
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        parts = {f"{place}[{number}]": one for number, one in enumerate(value, 1)}
    elif value != [] and value is not None:
        return {place: str(value)}
    return {key: text for inner, one in parts.items() for key, text in flat(inner, one).items()}

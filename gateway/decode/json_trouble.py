"""Whether an object says that its values are not good."""

from typing import Any

ERRORS = ("error", "errors", "err", "fault")
VALIDITY = ("valid", "is_valid", "isvalid", "good", "ok")
QUALITY = ("quality", "q")
STATUS = ("statuscode", "status")
TROUBLE_KEYS = (*ERRORS, *VALIDITY, *QUALITY, *STATUS)
GOOD_WORDS = frozenset({"", "ok", "good", "valid", "none", "no", "false", "0", "normal", "online", "success", "192"})
BAD_WORDS = ("bad", "err", "fail", "fault", "invalid", "offline", "unavailable", "stale", "uncertain", "disconnected")
OPC_GOOD = range(192, 256)  # OPC quality: the two upper bits set
UA_SEVERITY = 0xC000_0000  # OPC UA status code: zero there is good, else uncertain or bad


def trouble(fields: dict[str, Any]) -> str | None:
    """Why the values of an object are no readings; None when nothing speaks against them.

    Args:
        fields: the object with its keys in lower case.
    """
    for key in ERRORS:
        if _is_error(fields.get(key)):
            return f"{key} is {str(fields[key])[:40]!r}"
    for key in VALIDITY:
        if fields.get(key) is False:
            return f"{key} is false"
    for key in QUALITY:
        if key in fields and not _is_good_quality(fields[key]):
            return f"{key} is {str(fields[key])[:40]!r}, which is not good"
    for key in STATUS:
        if key in fields and _is_bad_status(fields[key]):
            return f"{key} is {str(fields[key])[:40]!r}"
    return None


def _is_error(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in GOOD_WORDS
    return bool(value)


def _is_good_quality(value: Any) -> bool:
    if isinstance(value, dict):  # of OPC UA
        return not _is_bad_status(value)
    if isinstance(value, str):
        return value.strip().lower() in {"good", "ok", "valid", "192"} or value.strip().lower().startswith("good")
    return value is True or value in OPC_GOOD


def _is_bad_status(value: Any) -> bool:
    if isinstance(value, dict):  # {"Code": 2147483648, "Symbol": "Bad"}
        inner = {key.lower(): one for key, one in value.items()}
        return any(_is_bad_status(inner.get(key)) for key in ("code", "symbol"))
    if isinstance(value, str):
        return value.strip().lower().startswith(BAD_WORDS)
    return isinstance(value, int) and not isinstance(value, bool) and bool(value & UA_SEVERITY)

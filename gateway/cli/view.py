"""How a running gateway is, as lines for a person. Pure."""

from collections.abc import Iterator
from typing import Any

Answer = dict[str, Any]


def lines(now: Answer, before: Answer | None = None, elapsed_s: float = 1.0) -> Iterator[str]:
    """What `status` and `top` show.

    Args:
        now: what the gateway says of itself.
        before: what it said before; None: rates are left out.
        elapsed_s: between the two.
    """
    taken, delivered = _rates(now, before, elapsed_s)
    yield f"gateway   {now['version']}, PID {now['pid']}, for {duration(now['running_s'])}"
    yield f"now       {'well' if not now['unready'] else now['state']}"
    used, most = now["bytes"] - now["free_bytes"], now["max_bytes"]
    size = f"{used / 1e6:.1f} of {most / 1e6:.1f} MB"
    yield f"journal   {now['journal']}: {now['waiting']} wait, {size}{_quarantined(now)}"
    if now["kafka_down_s"] is None:
        yield f"kafka     takes records: {now['delivered_total']} delivered{delivered}"
    else:
        yield f"kafka     DOWN for {duration(now['kafka_down_s'])}: {now['kafka_error']}"
    if now["journal_error"]:
        yield f"journal   FAILS: {now['journal_error']}"
    for stuck in now["stuck"]:
        yield f"stuck     {stuck}"
    for name, source in now["sources"].items():
        yield f"source    {name}: {'up' if source['is_up'] else 'DOWN' + _because(source['error'])}"
    yield f"readings  {_counted(now['readings_total'])} taken{taken}, {now['superseded_total']} superseded"
    yield f"rejected  {_counted(now['rejected_total'])}"
    if now["dropped_total"]:
        yield f"LOST      {_counted(now['dropped_total'])}"
    if now["clock_unsynced"]:
        yield "clock     before this program was written: set it"
    width = max(map(len, now["sensors"]), default=0)
    for name, sensor in sorted(now["sensors"].items()):
        yield f"sensor    {name:<{width}}  {sensor['celsius']:8.2f} °C  {duration(sensor['age_s'])} ago"


def duration(seconds: float) -> str:
    """As a person says it: `3 s`, `2 min 5 s`, `3 h 4 min`, `2 d 3 h`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def _rates(now: Answer, before: Answer | None, elapsed_s: float) -> tuple[str, str]:
    if before is None or before["pid"] != now["pid"] or before["running_s"] > now["running_s"]:
        return "", ""
    taken = sum(now["readings_total"].values()) - sum(before["readings_total"].values())
    delivered = now["delivered_total"] - before["delivered_total"]
    return f" ({taken / elapsed_s:.0f}/s)", f" ({delivered / elapsed_s:.0f}/s)"


def _counted(by_name: dict[str, int]) -> str:
    total = sum(by_name.values())
    parts = ", ".join(f"{name} {count}" for name, count in sorted(by_name.items()))
    return f"{total} ({parts})" if parts else "0"


def _quarantined(now: Answer) -> str:
    return f", {now['quarantined']} in quarantine" if now["quarantined"] else ""


def _because(error: str | None) -> str:
    return f", {error}" if error else ""

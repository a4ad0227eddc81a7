"""What was looked at and what was found there: one line each, for a person or for a program."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

import click

Verdict = Literal["ok", "warning", "failed"]
COLOURS: dict[Verdict, str] = {"ok": "green", "warning": "yellow", "failed": "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check."""

    check: str  # what was looked at: `kafka`, `port`
    place: str  # which one
    verdict: Verdict
    words: str  # what was found; when it is not well, cause and remedy
    code: int = 0  # of sysexits.h, when it has failed


def ok(check: str, place: str, words: str) -> Finding:
    """It is well."""
    return Finding(check, place, "ok", words)


def warning(check: str, place: str, words: str) -> Finding:
    """It works, and may not go on to."""
    return Finding(check, place, "warning", words)


def failed(check: str, place: str, words: str, code: int) -> Finding:
    """It does not work."""
    return Finding(check, place, "failed", words, code)


def report(findings: Iterable[Finding], *, as_json: bool) -> int:
    """Print each finding as soon as it is there, or all as one JSON object.

    Returns:
        The exit code: that of the first check that has failed; 0 when none has.
    """
    code = 0
    told = []
    for one in findings:
        code = code or one.code
        told.append(asdict(one))
        if not as_json:
            verdict = click.style(f"{one.verdict:<8}", fg=COLOURS[one.verdict])
            click.echo(f"{verdict} {one.check} {one.place}: {one.words}" if one.place else _bare(verdict, one))
    if as_json:
        click.echo(json.dumps({"ok": code == 0, "exit_code": code, "findings": told}, indent=2, ensure_ascii=False))
    sys.stdout.flush()
    return code


def _bare(verdict: str, one: Finding) -> str:
    return f"{verdict} {one.check}: {one.words}"

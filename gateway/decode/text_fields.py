"""A line of text as labels, numbers and units, without judging them yet."""

import re
from dataclasses import dataclass

from gateway.decode.vocabulary import is_foreign_unit

# Degree signs and what stands for them on keyboards and in character sets of displays.
STRONG_UNIT = (
    r"\s?(?:Â?[°º˚�*'’´`^]\s?[CFKcfk](?![A-Za-z0-9])|[℃℉]|\[[CFKcfk]\]|[CF]°|o[CF](?![A-Za-z0-9])"
    r"|(?:°\s?|deg(?:rees?)?\.?\s?)?(?i:celsius|fahrenheit|kelvin)\b|(?i:deg(?:rees?)?)\.?\s?[CFK](?![A-Za-z0-9]))"
)
# A letter may also begin the next label: `0 C: 22.5`.
WEAK_UNIT = r"\s?[CFKcf](?![A-Za-z0-9_°%])(?!/\s?[A-Za-z])(?!\s*[:=])"
UNIT_AFTER = rf"(?:{STRONG_UNIT}|{WEAK_UNIT})"

DIGITS = r"[0-9]{1,12}(?:\.[0-9]{1,12}|,[0-9]{1,12})?(?:[eE][+-]?[0-9]{1,3})?"
VALUE = re.compile(
    rf"(?<![\w.+-])(?<![0-9],)\*?(?P<value>[+-]?{DIGITS}|[+-]?(?i:nan|inf|infinity)\b)(?![0-9_]|[.,:][0-9]|\.)"
    rf"(?:(?P<strong>{STRONG_UNIT}(?!/\s?[A-Za-z]))|(?P<weak>{WEAK_UNIT})|(?P<degree>\s?[°º])(?!\w))?"
    r"(?P<after>(?!(?<=\])[+-][0-9])(?:[^\s,;|)\]}}~0-9+]|\s(?:[%‰Ω°#!?\[(/-]|[^\W\d_]))[^\s,;|:=]*)?"
)
# Numbers that are part of something else: dates, times, addresses, versions, hexadecimal dumps.
NO_VALUES = re.compile(
    r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ](?=[0-9]))?|\b[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{1,4}\b(?!\.?[0-9])"
    r"|\b[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?\b(?![.,][0-9])(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
    r"|\b[0-9]+(?:\.[0-9]+){2,}\b|\b0[xX][0-9A-Fa-f]+\b|\b[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}\b"
    r"|\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5,7}\b|(?<!\S)[0-9A-Fa-f]{1,2}(?: [0-9A-Fa-f]{1,2}){3,}(?!\S)"
)
HEX_DUMP = re.compile(r"(?<!\S)[0-9A-Fa-f]{1,2}(?: [0-9A-Fa-f]{1,2}){3,}(?!\S)")
SEPARATOR = re.compile(r"\s*(?:[:=]|>>|->|\bis:?)\s*[*(\[\"']?$")
# What ends the label before: only the last part names the number.
LABEL_BREAK = re.compile(r"[,;|\t]|\s{2,}|\s-\s|[:=]\s|\)\s+(?=\S)|\]\s*(?=\S)|>|\*{2}[*.]*\s*\S*\s+")
DETACHED_SIGN = re.compile(r"[:=]\s*[-+]\s+$")  # `T: - 5`: is it minus five?
LOOK_ALIKES = str.maketrans({"−": "-", "–": "-", "‐": "-", "\u00a0": " ", "\u202f": " ", "：": ":", "＝": "="})


@dataclass(frozen=True, slots=True)
class Field:
    """One number of a line."""

    label: str  # the words that name it; "" when none do
    separated: bool  # by `:`, `=` or `is` from its label
    value: str
    unit: str | None  # as written, with the space before it
    strong: bool  # the unit can mean nothing but a temperature
    after: str  # what follows it directly, such as a unit of something else
    alone: bool  # nothing else is on the line


def split_fields(text: str) -> list[Field]:
    """The numbers of a line in their order; a number inside a label (`Sensor 6 C: 27.5`) is none of its own."""
    text = NO_VALUES.sub(lambda match: "~" * len(match[0]), text.translate(LOOK_ALIKES))
    fields = []
    end = 0
    for match in VALUE.finditer(text):
        before = text[end : match.start()]
        separator = SEPARATOR.search(before)
        unit = match["strong"] or match["weak"] or match["degree"]
        if separator is None and unit is None and not _ends_in_a_name(before, text[match.end("value") :]):
            continue
        end = match.end()
        after = match["after"] or ""
        if re.match(r"\s[^\W\d_]", after):  # a word of its own may belong to the next label
            end = match.end() if is_foreign_unit(after) else match.start("after")
            if text[match.end() :].lstrip()[:1] in {":", "="}:
                after = ""
        label = before[: separator.start()] if separator else before
        fields.append(
            Field(
                label=_last_part(label),
                separated=separator is not None,
                value=("- " if DETACHED_SIGN.search(before) else "") + match["value"],
                unit=unit,
                strong=bool(match["strong"]),
                after=after,
                alone=not label.strip() and match.end() == len(text),
            )
        )
    return fields


def _ends_in_a_name(before: str, rest: str) -> bool:
    """`Temperature 23.5`: a name directly before the last number of a line."""
    return re.search(r"[^\W\d_]\s+$", before) is not None and not rest.strip()


def _last_part(label: str) -> str:
    last = LABEL_BREAK.split(label)[-1]
    return re.sub(r"\s+", " ", last).strip(" ~*\"'([{#$/")

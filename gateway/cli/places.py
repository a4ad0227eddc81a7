"""On which line of a TOML file each key stands; the parser of the standard library does not tell. Pure."""

import re

HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\" ]+?)\s*\]\]?\s*(?:#.*)?$")
KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+(?:\s*\.\s*[A-Za-z0-9_\-]+)*)\s*=")


def places(text: str) -> dict[str, int]:
    """The line of each key that stands at the beginning of one: `serial[2].baudrate`, tables counted from 1.

    Args:
        text: a valid file. Lines inside a multi-line string that look like a key are taken for one.
    """
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if (header := HEADER.match(line)) is not None:
            table = _table(header[2].replace('"', "").split("."), header[1] == "[[", counts)
            found.setdefault(table, number)
        elif (key := KEY.match(line)) is not None:
            name = "".join(key[1].split())
            found.setdefault(f"{table}.{name}" if table else name, number)
    return found


def _table(names: list[str], is_list: bool, counts: dict[str, int]) -> str:
    """The place of a table; the last one of each list that it lies in."""
    path = ""
    for depth, name in enumerate(names):
        path = f"{path}.{name.strip()}" if path else name.strip()
        if is_list and depth == len(names) - 1:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path

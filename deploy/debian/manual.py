"""The manual page of a command: what its --help says, and those of its subcommands."""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE_WIDTH = "80"


def manual(name: str, place: str, libraries: Path) -> str:
    """The page's text, in the format of man(7).

    Args:
        name: of the command.
        place: its function, as module:function.
        libraries: the folder from which it is run.
    """
    pages = {name: _help(name, place, libraries)}
    for subcommand in _subcommands(pages[name]):
        pages[f"{name} {subcommand}"] = _help(name, place, libraries, subcommand)
    parts = [f'.TH {name.upper()} 1 "" "Suhu Gateway"', ".SH NAME", f"{name} \\- part of Suhu Gateway"]
    for title, text in pages.items():
        parts += [f'.SH "{title.upper()}"', ".nf", _escaped(text), ".fi"]
    return "\n".join(parts) + "\n"


def _help(name: str, place: str, libraries: Path, *subcommand: str) -> str:
    module, _, function = place.partition(":")
    code = f"import sys; sys.argv[0] = {name!r}; from {module} import {function} as main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *subcommand, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(libraries), "COLUMNS": PAGE_WIDTH, "LANG": "C.UTF-8"},
    ).stdout


def _subcommands(text: str) -> list[str]:
    """The names below `Commands:` in the help of a group of commands."""
    return re.findall(r"^  (\S+)  ", text.partition("\nCommands:\n")[2], re.MULTILINE)


def _escaped(text: str) -> str:
    lines = text.replace("\\", "\\e").replace("-", "\\-").splitlines()
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in lines)

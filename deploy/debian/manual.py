"""The manual page of a command: what its --help says, and those of its subcommands."""

import json
import os
import subprocess
import sys
from pathlib import Path

PAGE_WIDTH = "80"
# In a process of its own, which finds the package's libraries; one for all subcommands, since each import takes time.
ASKING = """
import contextlib, importlib, io, json, re, sys
name, module, function = sys.argv[1:]
main, found = getattr(importlib.import_module(module), function), {}
def ask(*words):
    sys.argv, said = [name, *words, "--help"], io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main()
    found[" ".join([name, *words])] = said.getvalue()
    return said.getvalue()
for subcommand in re.findall(r"^  (\\S+)  ", ask().partition("\\nCommands:\\n")[2], re.MULTILINE):
    ask(subcommand)
print(json.dumps(found))
"""


def manual(name: str, place: str, libraries: Path) -> str:
    """The page's text, in the format of man(7).

    Args:
        name: of the command.
        place: its function, as module:function.
        libraries: the folder from which it is run.
    """
    said = subprocess.run(
        [sys.executable, "-c", ASKING, name, *place.split(":")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(libraries), "COLUMNS": PAGE_WIDTH, "LANG": "C.UTF-8"},
    ).stdout
    parts = [f'.TH {name.upper()} 1 "" "Suhu Gateway"', ".SH NAME", f"{name} \\- part of Suhu Gateway"]
    for title, text in json.loads(said).items():
        parts += [f'.SH "{title.upper()}"', ".nf", _escaped(text), ".fi"]
    return "\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    lines = text.replace("\\", "\\e").replace("-", "\\-").splitlines()
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in lines)

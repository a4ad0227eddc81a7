"""What deploy/ has for Prometheus and Grafana, as Python sees it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

DEPLOY = Path(__file__).parents[2] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
GRAFANA = DEPLOY / "grafana"
COMPOSE = Path(sys.executable).parent / "docker-compose"
# A name of Grafana's stands where a number, a duration or a pattern will: any of its kind reads the same.
FILLED_IN = {"$gateway": ".*", "$sensor": ".*", "$__rate_interval": "1m", "$__range": "1h"}
# Words of PromQL that could be metrics by their form.
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset"}


def read_yaml(file: Path, scratch: Path) -> Any:
    """The content of a YAML file. Python reads none; the real compose parser does, under a key that is not its own."""
    wrapped = scratch / f"{file.name}.compose.yml"
    indented = "".join(f"  {line}\n" for line in file.read_text().splitlines())
    wrapped.write_text(f"services: {{one: {{image: one}}}}\nx-file:\n{indented}")
    command = [COMPOSE, "-f", wrapped, "config", "--no-interpolate", "--format", "json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["x-file"]


def rules(scratch: Path) -> list[dict[str, Any]]:
    """Every rule, in order."""
    return [rule for group in read_yaml(PROMETHEUS / "rules.yml", scratch)["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((GRAFANA / "dashboards" / "suhu.json").read_text())
    return read


def panel_expressions() -> list[str]:
    """What the dashboard asks for, with its variables filled in."""
    asked = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    for name, value in FILLED_IN.items():
        asked = [expression.replace(name, value) for expression in asked]
    return asked


def metric_names(expression: str) -> set[str]:
    """The metrics that an expression asks for: its words, except labels, functions, numbers and keywords."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]', " ", re.sub(r'"[^"]*"', '""', expression))
    bare = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", " ", bare)
    words = re.findall(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\w|\s*\()", bare)
    return set(words) - WORDS

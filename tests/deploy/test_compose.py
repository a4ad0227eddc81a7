"""The compose file and what it mounts, read by the real compose parser and by our own programs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load

PROJECT = Path(__file__).parents[2]
COMPOSE = Path(sys.executable).parent / "docker-compose"


def config(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMPOSE, "--project-directory", PROJECT, "-f", file, "config", *options],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    ended = config(PROJECT / "docker-compose.yml", "--format", "json")
    assert ended.returncode == 0, ended.stderr
    parsed: dict[str, Any] = json.loads(ended.stdout)
    return parsed


def test_the_parser_finds_nothing_wrong(stack: dict[str, Any]) -> None:
    assert stack["services"].keys() == {"kafka", "topics", "mosquitto", "gateway", "alerts"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("healthcheck:", "healthchek:"), ("interval: 2s", "interval: 2 sheep"), ("service_healthy", "service_happy")],
)
def test_the_parser_would_find_a_mistake(tmp_path: Path, right: str, wrong: str) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text((PROJECT / "docker-compose.yml").read_text().replace(right, wrong))
    assert config(broken, "-q").returncode != 0


def test_every_port_is_published_on_loopback_only(stack: dict[str, Any]) -> None:
    published = [port["host_ip"] for service in stack["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1"] * 2


def test_what_is_mounted_or_built_exists(stack: dict[str, Any]) -> None:
    for service in stack["services"].values():
        for volume in service.get("volumes", []):
            if volume["type"] == "bind":
                assert Path(volume["source"]).is_file(), volume["source"]
        if "build" in service:
            assert (Path(service["build"]["context"]) / service["build"]["dockerfile"]).is_file()


def test_the_gateway_accepts_its_configuration(stack: dict[str, Any]) -> None:
    configuration = load(PROJECT / "deploy" / "docker" / "gateway.toml")
    assert configuration.kafka.bootstrap_servers == ["kafka:9092"]
    assert configuration.mqtt[0].host in stack["services"]
    created = stack["services"]["topics"]["command"][0].partition("for topic in ")[2].partition(";")[0].split()
    assert {configuration.kafka.topic, configuration.kafka.rejected_topic} <= set(created)


def test_the_lock_files_have_hashes_and_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-spark.txt", "requirements-dashboard.txt"):
        text = (PROJECT / name).read_text()
        pinned = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
        assert pinned
        assert all(line.endswith("\\") and "==" in line for line in pinned), name
        assert "://" not in text

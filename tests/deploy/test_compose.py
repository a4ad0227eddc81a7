"""The container files and what they mount, read by the real compose parser, a linter and our own programs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from suhu_jobs.cli import main as alerts_main
from suhu_jobs.pipeline.settings import parse_pipeline_settings
from suhu_jobs.settings import parse_settings

from gateway.config import load

PROJECT = Path(__file__).parents[2]
DOCKER = PROJECT / "deploy" / "docker"
TOOLS = Path(sys.executable).parent
DOCKERFILES = sorted([*DOCKER.glob("*.Dockerfile"), *(PROJECT / "tests/compose/standins").glob("*.Dockerfile")])
DEFAULT = {"kafka", "topics", "mosquitto", "gateway", "alerts", "dashboard"}
SECURE = {"certificates", "users", *(f"{one}-secure" for one in (*(DEFAULT - {"topics"}), "pipeline"))}
EVERY = ("default", "pipeline", "monitoring", "secure", "verify")


def config(*arguments: str, files: tuple[Path, ...] = ()) -> subprocess.CompletedProcess[str]:
    chosen = [f"--file={file}" for file in files or (PROJECT / "docker-compose.yml",)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
    command = [TOOLS / "docker-compose", f"--project-directory={PROJECT}", *chosen, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ)


def services(*arguments: str, files: tuple[Path, ...] = ()) -> dict[str, Any]:
    ended = config(*arguments, "config", "--format", "json", files=files)
    assert ended.returncode == 0, ended.stderr
    parsed: dict[str, Any] = json.loads(ended.stdout)["services"]
    return parsed


@pytest.fixture(scope="module")
def every() -> dict[str, Any]:
    """The services of all profiles."""
    return services(*(f"--profile={one}" for one in EVERY))


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (None, DEFAULT),
        ("default", DEFAULT),
        ("pipeline", DEFAULT | {"pipeline"}),
        ("monitoring", DEFAULT | {"pipeline", "prometheus", "grafana"}),
        ("secure", SECURE),
    ],
)
def test_each_profile_starts_what_it_needs(profile: str | None, expected: set[str]) -> None:
    assert services(*([] if profile is None else [f"--profile={profile}"])).keys() == expected


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("healthcheck:", "healthchek:"), ("interval: 2s", "interval: 2 sheep"), ("service_healthy", "service_happy")],
)
def test_the_parser_would_find_a_mistake(tmp_path: Path, right: str, wrong: str) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text((PROJECT / "docker-compose.yml").read_text().replace(right, wrong))
    assert config("config", "-q", files=(broken,)).returncode != 0


def test_every_port_is_published_on_loopback_only(every: dict[str, Any]) -> None:
    published = {
        (port["host_ip"], port["published"]) for service in every.values() for port in service.get("ports", [])
    }
    assert published == {("127.0.0.1", port) for port in ("1883", "3000", "8080", "8883", "9090", "29092")}


def test_what_is_mounted_or_built_exists(every: dict[str, Any]) -> None:
    for service in every.values():
        for volume in service.get("volumes", []):
            if volume["type"] == "bind":
                assert Path(volume["source"]).exists(), volume["source"]
                assert volume["read_only"]
        if "build" in service:
            assert (Path(service["build"]["context"]) / service["build"]["dockerfile"]).is_file()


def test_every_service_is_hardened(every: dict[str, Any]) -> None:
    for name, service in every.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
        # Kafka's image writes to its own root.
        assert service.get("read_only") or service["image"].startswith("apache/kafka"), name


def test_what_runs_on_is_watched(every: dict[str, Any]) -> None:
    for name, service in every.items():
        if service["restart"] == "no":
            continue
        ours = service["image"].startswith("suhu-")
        assert "healthcheck" in service or ours, name  # ours have theirs in the image


def test_no_image_is_whatever_is_newest(every: dict[str, Any]) -> None:
    assert all(re.fullmatch(r"[a-z/-]+:v?\d[\w.]*", service["image"]) for service in every.values())


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_the_linter_finds_nothing_wrong(path: Path) -> None:
    ended = subprocess.run([TOOLS / "hadolint", "--no-color", path], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_the_linter_would_find_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN apt-get install x\n")
    ended = subprocess.run(
        [TOOLS / "hadolint", "--no-color", tmp_path / "Dockerfile"], check=False, capture_output=True
    )
    assert ended.returncode != 0


@pytest.mark.parametrize("name", ["gateway", "spark", "dashboard"])
def test_our_images_run_as_somebody_are_watched_and_are_locked(name: str) -> None:
    text = (DOCKER / f"{name}.Dockerfile").read_text()
    assert re.search(r"^USER 1000\d:1000\d$", text, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", text, re.MULTILINE)
    assert re.search(r"^STOPSIGNAL SIGTERM$", text, re.MULTILINE)
    assert "--require-hashes" in text
    assert "java" not in text.partition("HEALTHCHECK")[2]


def test_what_the_images_copy_is_in_the_context_of_the_build() -> None:
    let_in = [line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name in ("gateway", "spark", "dashboard"):
        for line in re.findall(r"^COPY (.*) \S+$", (DOCKER / f"{name}.Dockerfile").read_text(), re.MULTILINE):
            for source in line.replace("${REQUIREMENTS}", "requirements.txt").split():
                assert source in let_in, source


@pytest.mark.parametrize("name", ["gateway/gateway.toml", "secure/gateway/gateway.toml"])
def test_the_gateway_accepts_its_configuration(every: dict[str, Any], name: str) -> None:
    configuration = load(DOCKER / name)
    assert configuration.kafka.bootstrap_servers == ["kafka:9092"]
    assert configuration.mqtt[0].host in every
    assert configuration.health is not None
    probe = re.search(r"'127\.0\.0\.1', (\d+)", (DOCKER / "gateway.Dockerfile").read_text())
    assert probe is not None
    assert configuration.health.listen == f"0.0.0.0:{probe[1]}"
    created = every["topics"]["command"][0] + (DOCKER / "secure" / "users.sh").read_text()
    assert {configuration.kafka.topic, configuration.kafka.rejected_topic} <= set(
        re.findall(r"sensor-suhu[a-z-]*", created)
    )


def test_the_spark_jobs_take_their_options(every: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "kafka.properties").write_text("security.protocol=PLAINTEXT\n")
    for name in ("alerts", "pipeline", "alerts-secure", "pipeline-secure"):
        words = [word.replace("/run/suhu", str(tmp_path)) for word in every[name]["command"]]
        parse = parse_settings if name.startswith("alerts") else parse_pipeline_settings
        assert parse(words).bootstrap_servers == "kafka:9092"
    assert alerts_main(["--heartbeet", "x"]) == 64  # the parser would find a mistake


def test_a_serial_device_is_seen_after_a_replug_and_no_other_device_is_open() -> None:
    gateway = services(files=(PROJECT / "docker-compose.yml", DOCKER / "serial.yml"))["gateway"]
    assert gateway["device_cgroup_rules"] == ["c 188:* rw", "c 166:* rw"]
    assert gateway["group_add"] == ["20"]
    assert "devices" not in gateway
    mounts = {volume["target"]: volume for volume in gateway["volumes"]}
    assert (mounts["/dev"]["source"], mounts["/dev"]["read_only"]) == ("/dev", True)
    assert {"/var/lib/suhu-gateway", "/etc/suhu-gateway"} <= mounts.keys()  # the rest is as without


def test_a_secret_is_mounted_by_who_needs_it_and_by_who_makes_it(every: dict[str, Any]) -> None:
    readers: dict[str, set[str]] = {}
    for name, service in every.items():
        for volume in service.get("volumes", []):
            if volume.get("source", "").startswith("secret-") and name != "certificates":
                assert volume["read_only"], name
                readers.setdefault(volume["source"], set()).add(name)
    assert readers == {
        "secret-admin": {"users"},
        "secret-kafka": {"kafka-secure"},
        "secret-mosquitto": {"mosquitto-secure"},
        "secret-gateway": {"gateway-secure"},
        "secret-alerts": {"alerts-secure"},
        "secret-pipeline": {"pipeline-secure"},
        "secret-dashboard": {"dashboard-secure"},
        "secret-verify": {"verify"},
    }


def test_the_lock_files_have_hashes_and_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-spark.txt", "requirements-dashboard.txt"):
        text = (PROJECT / name).read_text()
        pinned = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
        assert pinned
        assert all(line.endswith("\\") and "==" in line for line in pinned), name
        assert "://" not in text

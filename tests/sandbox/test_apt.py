from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.apt import (
    install_chromium,
    install_container_engine,
    install_mosquitto,
    install_prometheus,
    install_systemd_container,
    services_not_started,
)


def test_nothing_is_done_where_mosquitto_is_installed(tmp_path: Path) -> None:
    install_mosquitto(tmp_path / "apt.log")
    assert not (tmp_path / "apt.log").exists()


@pytest.mark.parametrize("install", [install_systemd_container, install_prometheus, install_chromium])
def test_what_only_tests_need_is_not_asked_for_without_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    install(tmp_path / "apt.log")
    assert not (tmp_path / "apt.log").exists()


def test_nothing_is_done_where_a_container_engine_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("docker", "dockerd", "docker-init", "runc", "mmdebstrap"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    install_container_engine(tmp_path / "apt.log")
    assert not (tmp_path / "apt.log").exists()


def test_services_are_held_back_only_meanwhile(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with services_not_started(policy):
        assert policy.read_text() == "#!/bin/sh\nexit 101\n"
        assert policy.stat().st_mode & 0o777 == 0o755
    assert not policy.exists()


def test_a_policy_that_is_there_is_left_alone(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    with services_not_started(policy):
        assert policy.read_text() == "#!/bin/sh\nexit 0\n"
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"

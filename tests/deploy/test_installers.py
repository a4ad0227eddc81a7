"""What people install programs with, each in a folder of its own."""

import os
import subprocess
from pathlib import Path

import pytest

from gateway import __version__
from tests.deploy.environment import empty, pip

pytestmark = pytest.mark.system

COMMANDS = {"gateway", "suhu-alerts", "suhu-dashboard", "suhu-pipeline", "suhu-report"}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """uv and pipx, as the index has them today: so do the people who use them."""
    environment = empty(tmp_path_factory.mktemp("tools") / "venv")
    pip(environment, "uv", "pipx")
    return environment / "bin"


@pytest.mark.parametrize("command", [("uv", "tool", "install"), ("pipx", "install")], ids=["uv", "pipx"])
def test_it_is_installed_with_its_commands_and_runs(
    wheel: Path, tools: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    places = {name: str(tmp_path / name.lower()) for name in ("UV_TOOL_DIR", "PIPX_HOME")}
    binaries = tmp_path / "bin"
    environment = {**os.environ, **places, "UV_TOOL_BIN_DIR": str(binaries), "PIPX_BIN_DIR": str(binaries)}
    ended = subprocess.run(
        [tools / command[0], *command[1:], wheel], capture_output=True, text=True, check=False, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    assert {one.name for one in binaries.iterdir()} == COMMANDS
    said = subprocess.run([binaries / "gateway", "--version"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert said.stdout == f"gateway, version {__version__}\n"

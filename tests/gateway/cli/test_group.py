import os
import subprocess
import sys

import pytest

from gateway.cli import COMMANDS, main
from tests.gateway.cli.command import gateway


def completed(*words: str) -> list[str]:
    """What bash is offered behind these words."""
    environ = {"_GATEWAY_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    ended = subprocess.run(
        [sys.executable, "-c", "from gateway.cli import main; main(prog_name='gateway')"],
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
        timeout=30,
        check=True,
    )
    return [line.partition(",")[2] for line in ended.stdout.splitlines()]


def test_the_shell_completes_commands_options_and_groups() -> None:
    assert completed("gateway", "") == list(COMMANDS)
    assert completed("gateway", "d") == ["doctor", "decode"]
    assert "--simulate" in completed("gateway", "--s")
    assert "--bootstrap-servers" in completed("gateway", "doctor", "--")
    assert completed("gateway", "spool", "e") == ["export"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_says_what_it_is_for(name: str) -> None:
    command = main.get_command(None, name)  # type: ignore[arg-type]  # it looks at the name alone
    assert command is not None
    assert command.name == name
    assert command.help


def test_a_command_that_is_none_is_a_mistake_in_the_command_line() -> None:
    ended = gateway("nope")
    assert ended.returncode == 64
    assert "No such command 'nope'" in ended.stderr


def test_what_only_developers_have_installed_takes_no_memory() -> None:
    look = "import gateway.cli, gateway.cli.run, sys; print([one for one in sys.modules if one.startswith('rich.')])"
    ended = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout == "[]\n"

"""What installing the service means: which files with which text, then which commands. Touches nothing itself."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from gateway.config import Config
from gateway.errors import ConfigError

UNIT = Path("/etc/systemd/system/suhu-gateway.service")
RULES = Path("/etc/udev/rules.d/70-suhu-gateway.rules")
SYSUSERS = Path("/etc/sysusers.d/suhu-gateway.conf")
CONFIG = Path("/etc/suhu-gateway/gateway.toml")
STATE = Path("/var/lib/suhu-gateway")
GROUP = "suhu"  # of the sysusers file and the unit: who may read the configuration
PROGRAM_IN_UNIT = "/opt/suhu-gateway/bin/gateway"
HIDDEN = ("/home", "/root", "/run/user")  # by ProtectHome=, from the unit
HIDDEN_TOO = ("/tmp", "/var/tmp")  # noqa: S108 - by PrivateTmp=, likewise

Change = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class File:
    """One file to be there."""

    path: Path
    text: str
    mode: int = 0o644

    @property
    def change(self) -> Change:
        """What writing it would mean."""
        try:
            return "unchanged" if self.path.read_text("utf-8") == self.text else "changed"
        except FileNotFoundError:
            return "new"


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything, in its order."""

    files: tuple[File, ...]
    commands: tuple[tuple[str, ...], ...]


def planned(program: Path, config_text: str, *, has_udev: bool) -> Installation:
    """What is to be done.

    Args:
        program: the gateway's command, as the service is to start it.
        config_text: of the configuration.
        has_udev: whether udev runs; in a container it does not.
    """
    unit = _packaged("suhu-gateway.service").replace(PROGRAM_IN_UNIT, str(program))
    wanted = (
        File(SYSUSERS, _packaged("suhu-gateway.sysusers")),
        File(RULES, _packaged("70-suhu-gateway.rules")),
        File(CONFIG, config_text, 0o600),  # it may hold a token; the group exists only after the first command
        File(UNIT, unit),
    )
    commands: list[tuple[str, ...]] = [
        ("systemd-sysusers", str(SYSUSERS)),
        ("chown", f"root:{GROUP}", str(CONFIG)),
        ("chmod", "0640", str(CONFIG)),
    ]
    if has_udev:
        commands += [("udevadm", "control", "--reload"), ("udevadm", "trigger", "--subsystem-match=tty")]
    commands.append(("systemctl", "daemon-reload"))
    commands += [("systemctl", verb, UNIT.name) for verb in ("enable", "restart")]
    return Installation(wanted, tuple(commands))


def require_usable(program: Path, config: Config) -> None:
    """Check what the unit would not let the gateway do.

    Raises:
        ConfigError: it could not start the program, or not write the journal.
    """
    if any(program.is_relative_to(one) for one in (*HIDDEN, *HIDDEN_TOO)):
        raise ConfigError(
            f"{program}: the service sees no home and no temporary folder: install the gateway elsewhere "
            "(python3 -m venv /opt/suhu-gateway && /opt/suhu-gateway/bin/pip install suhu-gateway), or name another "
            "with --program"
        )
    journal = config.journal.path
    if "path" in config.journal.model_fields_set and not journal.is_relative_to(STATE):
        raise ConfigError(
            f"journal.path is {journal}: the service may write only below {STATE}: leave the key out, "
            "or name a file there"
        )


def _packaged(name: str) -> str:
    return (files("gateway.files") / name).read_text("utf-8")

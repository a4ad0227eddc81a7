from pathlib import Path

import pytest

from gateway.cli.installation import CONFIG, RULES, SYSUSERS, UNIT, File, planned, require_usable
from gateway.config import check
from gateway.errors import ConfigError
from tests.gateway.cli.command import gateway

PROGRAM = Path("/srv/venv/bin/gateway")
DEPLOY = Path(__file__).parents[3] / "deploy" / "systemd"


def test_the_files_are_those_of_deploy_and_the_unit_starts_the_program() -> None:
    plan = planned(PROGRAM, "[gateway]\n", has_udev=True)
    texts = {one.path: one.text for one in plan.files}
    assert texts.keys() == {SYSUSERS, RULES, CONFIG, UNIT}
    assert texts[CONFIG] == "[gateway]\n"
    assert texts[RULES] == (DEPLOY / "70-suhu-gateway.rules").read_text()
    assert texts[SYSUSERS] == (DEPLOY / "suhu-gateway.sysusers").read_text()
    unit = (DEPLOY / "suhu-gateway.service").read_text()
    assert "\nExecStart=/srv/venv/bin/gateway run --config /etc/suhu-gateway/gateway.toml\n" in texts[UNIT]
    assert texts[UNIT].replace("/srv/venv/bin/gateway", "/opt/suhu-gateway/bin/gateway") == unit


def test_without_udev_its_rules_are_written_and_nothing_is_reloaded() -> None:
    assert planned(PROGRAM, "", has_udev=False).commands == (
        ("systemd-sysusers", "/etc/sysusers.d/suhu-gateway.conf"),
        ("chown", "root:suhu", "/etc/suhu-gateway/gateway.toml"),
        ("chmod", "0640", "/etc/suhu-gateway/gateway.toml"),
        ("systemctl", "daemon-reload"),
        ("systemctl", "enable", "suhu-gateway.service"),
        ("systemctl", "restart", "suhu-gateway.service"),
    )
    assert ("udevadm", "control", "--reload") in planned(PROGRAM, "", has_udev=True).commands


def test_the_group_that_may_read_the_configuration_is_made_and_the_service_is_in_it() -> None:
    assert "\ng suhu - -\n" in (DEPLOY / "suhu-gateway.sysusers").read_text()
    assert "\nSupplementaryGroups=dialout suhu\n" in (DEPLOY / "suhu-gateway.service").read_text()
    modes = {one.path: one.mode for one in planned(PROGRAM, "", has_udev=True).files}
    assert (modes[CONFIG], modes[UNIT]) == (0o600, 0o644)


def test_a_file_that_is_there_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "unit"
    assert File(path, "a").change == "new"
    path.write_text("a")
    assert [File(path, "a").change, File(path, "b").change] == ["unchanged", "changed"]


@pytest.mark.parametrize("program", ["/home/u/venv/bin/gateway", "/root/gateway", "/tmp/gateway"])  # noqa: S108 - refused
def test_a_program_that_the_service_would_not_see_is_refused(program: str) -> None:
    with pytest.raises(ConfigError, match="sees no home and no temporary folder"):
        require_usable(Path(program), check({}, "t"))


def test_a_journal_that_the_service_may_not_write_is_refused() -> None:
    with pytest.raises(ConfigError, match="only below /var/lib/suhu-gateway"):
        require_usable(PROGRAM, check({"journal": {"path": "/srv/journal.db"}}, "t"))
    require_usable(PROGRAM, check({"journal": {"path": "/var/lib/suhu-gateway/journal.db"}}, "t"))
    require_usable(PROGRAM, check({"journal": {"max_bytes": 2_000_000}}, "t"))


def test_a_dry_run_shows_everything_and_does_nothing(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text('[gateway]\nid = "pabrik-9"\n')
    ended = gateway("install-service", "--dry-run", "--config", config, "--program", "/usr/bin/env")
    assert ended.returncode == 0, ended.stderr
    assert '| id = "pabrik-9"' in ended.stdout
    assert "| ExecStart=/usr/bin/env run --config /etc/suhu-gateway/gateway.toml" in ended.stdout
    assert "run       systemctl enable suhu-gateway.service" in ended.stdout
    assert not UNIT.exists()


@pytest.mark.parametrize(
    ("text", "arguments", "code", "words"),
    [
        ("[kafka]\ntopik = 1\n", [], 78, "kafka.topik: there is no such key"),
        ("", ["--program", "/etc/passwd"], 64, "--program"),
        ("", ["--program", "/root/gateway"], 78, "/opt/suhu-gateway"),
    ],
)
def test_what_cannot_be_installed_is_said_before_anything_is_shown(
    tmp_path: Path, text: str, arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "gateway.toml").write_text(text)
    arguments = ["--program", "/usr/bin/env", *arguments]
    ended = gateway("install-service", "--config", tmp_path / "gateway.toml", *arguments)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert words in ended.stderr

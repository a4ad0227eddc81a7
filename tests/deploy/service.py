import json
from typing import Any

from sandbox.errors import SandboxError
from sandbox.waiting import wait_until
from tests.deploy.guest import Guest

UNIT = "suhu-gateway.service"
PROGRAM = "/opt/suhu-gateway/bin/gateway"
CONFIG = "/etc/suhu-gateway/gateway.toml"
STATE = "/var/lib/private/suhu-gateway"
PATIENCE_S = 30.0

# Where no Kafka is: everything stays in the journal, where it can be counted.
NO_KAFKA = "127.0.0.1:1"
CONFIGURATION = f"""
[gateway]
id = "pabrik-1"
interval_s = 0

[kafka]
bootstrap_servers = ["{NO_KAFKA}"]
"""
SIMULATOR = '[simulator]\nsensors = ["S1", "S2"]\ninterval_s = 0.02\n'


class Service:
    """The unit in a guest, asked and told as an operator would."""

    def __init__(self, guest: Guest, unit: str = UNIT, program: str = PROGRAM) -> None:
        self.guest = guest
        self._program = program
        self._unit = unit
        self._drop_in = f"/etc/systemd/system/{unit}.d/test.conf"
        self._since = ""

    def configure(self, tables: str, kafka: str = NO_KAFKA) -> None:
        """Write the configuration; `tables` come after those of CONFIGURATION."""
        self.guest.run("mkdir", "-p", "/etc/suhu-gateway")
        self.guest.write(CONFIG, CONFIGURATION.replace(NO_KAFKA, kafka) + tables)

    def override(self, lines: str) -> None:
        """Change the unit for this test."""
        self.guest.run("mkdir", "-p", self._drop_in.rpartition("/")[0])
        self.guest.write(self._drop_in, f"[Service]\n{lines}\n")
        self.guest.run("systemctl", "daemon-reload")

    def start(self, tables: str = SIMULATOR, kafka: str = NO_KAFKA) -> None:
        """Configure it, start it, and wait until it is active."""
        self.configure(tables, kafka)
        self.guest.run("systemctl", "start", self._unit)

    def stop(self) -> None:
        """Stop it as `systemctl stop` does."""
        self.guest.run("systemctl", "stop", self._unit)

    def show(self, name: str) -> str:
        """A property, as `systemctl show` has it."""
        return self.guest.run("systemctl", "show", self._unit, f"--property={name}", "--value").strip()

    def await_state(self, **expected: str) -> None:
        """Wait until properties have these values."""
        wait_until(lambda: {one: self.show(one) for one in expected} == expected, PATIENCE_S, f"{expected}")

    def await_status(self, words: str) -> str:
        """Wait until the status line contains these words, and return it."""
        return wait_until(
            lambda: status if words in (status := self.show("StatusText")) else "", PATIENCE_S, f"a status with {words}"
        )

    def log(self) -> list[str]:
        """What the service has said since this test began."""
        found = self.guest.run("journalctl", "--unit", self._unit, "--output=cat", f"--after-cursor={self._since}")
        return found.splitlines()

    def entries(self, event: str) -> list[dict[str, str]]:
        """What the service has said of this event since this test began, with all its fields."""
        found = self.guest.run("journalctl", "--unit", self._unit, "--output=json", f"--after-cursor={self._since}")
        entries = [json.loads(one) for one in found.splitlines()]
        return [one for one in entries if one.get("SUHU_EVENT") == event or f"event={event}" in one["MESSAGE"]]

    def ask(self, path: str) -> str:
        """What the health port answers."""
        return self.guest.run("curl", "--silent", "--retry-connrefused", "--retry", "5", f"http://127.0.0.1:9108{path}")

    def await_line(self, words: str, patience_s: float = PATIENCE_S) -> str:
        """Wait until a line with these words stands in the log, and return the newest."""
        try:
            return wait_until(
                lambda: next((one for one in reversed(self.log()) if words in one), ""), patience_s, words
            )
        except SandboxError as exc:
            raise SandboxError("\n".join([str(exc), "the log ends with", *self.log()[-20:]])) from exc

    def signal(self, name: str) -> None:
        """Send the main process a signal."""
        self.guest.run("systemctl", "kill", "--kill-whom=main", f"--signal={name}", self._unit)

    def await_readings(self, count: int) -> None:
        """Wait until so many readings are in the journal of the running gateway."""
        wait_until(lambda: self.spool("status")["waiting"] >= count, PATIENCE_S, f"{count} readings in the journal")

    def spool(self, command: str) -> dict[str, Any]:
        """What `gateway spool status` or `verify` says."""
        answer: dict[str, Any] = json.loads(
            self.guest.run(self._program, "spool", command, "--json", "--journal", f"{STATE}/journal.db")
        )
        return answer

    def readings(self) -> list[dict[str, Any]]:
        """The readings in the journal, in their order."""
        lines = self.guest.run(self._program, "spool", "export", "--journal", f"{STATE}/journal.db").splitlines()
        return [json.loads(line) for line in lines]

    def forget(self) -> None:
        """Stop it, and remove what it left and what was changed for a test."""
        self.guest.run("systemctl", "kill", "--signal=KILL", self._unit, check=False)  # it may be stopped, and stays so
        self.guest.run("systemctl", "stop", self._unit)
        self.guest.run("systemctl", "reset-failed", self._unit, check=False)
        self.guest.run("rm", "-rf", STATE, self._drop_in)
        self.guest.run("systemctl", "daemon-reload")
        shown = self.guest.run("journalctl", "--lines=1", "--show-cursor", "--output=cat")
        self._since = shown.rsplit("-- cursor: ", 1)[1].strip()

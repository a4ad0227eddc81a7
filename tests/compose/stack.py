import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.waiting import wait_until
from tests.compose.engine import Engine, run

COMPOSE = Path(sys.executable).parent / "docker-compose"
STANDINS = PROJECT / "tests" / "compose" / "standins.yml"
UP_TIMEOUT_S = 420
COMMAND_TIMEOUT_S = 600.0
ANSWER_TIMEOUT_S = 180.0
POLL_S = 0.5  # each question starts a program


class Stack:
    """The services of docker-compose.yml in one or more profiles, run by an engine.

    Args:
        engine: apart from this machine's network.
        profiles: as on the command line.
        overrides: further compose files, on top of the stand-ins for other people's images.
    """

    def __init__(self, engine: Engine, *profiles: str, overrides: Iterable[Path] = ()) -> None:
        self.engine = engine
        files = [PROJECT / "docker-compose.yml", STANDINS, *overrides]
        self._command = [str(COMPOSE), "--progress=quiet", f"--project-directory={PROJECT}"]
        self._command += [f"--file={file}" for file in files] + [f"--profile={one}" for one in profiles]

    def compose(self, *arguments: str, stdin: str = "", check: bool = True) -> str:
        """Run one command of compose and return what it says."""
        words = [*self._command, *arguments]
        ended = run(words, self.engine.environment, stdin=stdin, check=check, timeout_s=COMMAND_TIMEOUT_S)
        return ended.stdout + ended.stderr

    def build(self) -> None:
        """Build our own images."""
        self.compose("build")

    def up(self, *services: str) -> None:
        """Start, and wait until everything is healthy or has done its work.

        Raises:
            SandboxError: something is not; with the last words of each container.
        """
        try:
            self.compose("up", "--detach", "--no-build", "--wait", f"--wait-timeout={UP_TIMEOUT_S}", *services)
        except SandboxError as error:
            states = self.compose("ps", "--all", check=False)
            raise SandboxError(f"{error}\n{states}\n{self.compose('logs', '--tail=30', check=False)}") from None

    def down(self, *options: str) -> None:
        """Remove containers and networks; with `--volumes` what they keep, too."""
        self.compose("down", *options)

    @contextmanager
    def running(self, *services: str) -> Iterator[Self]:
        """Start on empty volumes, whatever ran before; leave nothing, also when the start fails."""
        self.engine.clear()
        try:
            self.up(*services)
            yield self
        finally:
            self.down("--volumes")

    def inspect(self, service: str) -> Mapping[str, Any]:
        """What the engine knows of a service's container."""
        container = self.compose("ps", "--all", "--quiet", service).split()[-1]
        described: list[dict[str, Any]] = json.loads(self.engine.docker("inspect", container).stdout)
        return described[0]

    def health(self, service: str) -> str:
        """What the health check says: starting, healthy or unhealthy."""
        state = self.inspect(service)["State"]
        return str(state["Health"]["Status"]) if state["Running"] else "stopped"

    def signal(self, service: str, name: str) -> None:
        """Send a signal to every process of a container, past the engine: what it did itself it would not mend."""
        container = self.inspect(service)["Id"]
        processes = self.engine.docker("top", container, "-o", "pid").stdout.split()[1:]
        self.engine.inside("kill", f"-{name}", *processes, check=False)

    def kill(self, service: str) -> None:
        """`kill -9` of a container's processes; wait until the engine has started it again and it is healthy."""
        before = self.inspect(service)["RestartCount"]
        self.signal(service, "KILL")
        wait_until(
            lambda: self.inspect(service)["RestartCount"] > before and self.health(service) == "healthy",
            ANSWER_TIMEOUT_S,
            f"{service} restarted and healthy",
            poll_s=POLL_S,
        )

    def run_in(self, service: str, *command: str, check: bool = True) -> str:
        """Run a command in a running container."""
        return self.compose("exec", "-T", service, *command, check=check)

    def logs(self, service: str) -> list[str]:
        """Every line that a service's container has written."""
        return self.compose("logs", "--no-log-prefix", service).splitlines()

    def get(self, url: str) -> str:
        """What a published port answers, asked from the machine of the containers."""
        script = f"import urllib.request as r; print(r.urlopen({url!r}, timeout=10).read().decode())"
        return self.engine.inside(sys.executable, "-c", script).stdout

    def verify(self) -> Mapping[str, Any]:
        """`gateway verify` in the gateway's container: exit code and report."""
        container = self.inspect("gateway")["Id"]
        words = ["exec", container, "gateway", "verify", "--json", "--config", "/etc/suhu-gateway/gateway.toml"]
        ended = self.engine.docker(*words, check=False)
        if ended.returncode not in {0, 1}:
            raise SandboxError(f"gateway verify ended with {ended.returncode}: {ended.stderr}")
        return {"proven": ended.returncode == 0, **json.loads(ended.stdout)}

    def publish(self, ids: Iterable[str]) -> None:
        """One reading of each sensor, by MQTT with QoS 1; return when the broker has them."""
        lines = "".join(json.dumps({"sensor_id": one, "suhu": 21.5}) + "\n" for one in ids)
        self.compose("exec", "-T", "mosquitto", "mosquitto_pub", "-q", "1", "-t", "suhu/bukti", "-l", stdin=lines)

    def readings(self) -> list[dict[str, Any]]:
        """What is on the topic."""
        values = self.engine.inside(sys.executable, "-m", "tests.compose.topic", "127.0.0.1:29092", "sensor-suhu")
        return [json.loads(line) for line in values.stdout.splitlines()]

    def sensors(self) -> set[str]:
        """Whose readings are on the topic."""
        return {reading["sensor_id"] for reading in self.readings()}

    def wait_for_sensors(self, ids: Iterable[str]) -> None:
        """Wait until a reading of each is on the topic."""
        wanted = set(ids)
        wait_until(lambda: wanted <= self.sensors(), ANSWER_TIMEOUT_S, f"{len(wanted)} readings", poll_s=POLL_S)

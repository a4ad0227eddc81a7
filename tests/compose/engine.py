import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.process import Child
from tests import control_groups

READY_TIMEOUT_S = 60.0
COMMAND_TIMEOUT_S = 120.0
CGROUPS = Path("/sys/fs/cgroup")
# Its processes end with it, its mounts with them, and it sees no process of this machine.
APART = ["unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
# A network of its own: no port of this machine is taken, and what runs in it cannot get out.
NETWORK_APART = ["--net", "sh", "-c", 'ip link set lo up; exec "$0" "$@"']
WITHOUT_NETWORK = ["--bridge=none", "--iptables=false", "--ip-forward=false"]


class Engine(Child):
    """A container engine of our own, in namespaces of its own; ready when `start` returns.

    Args:
        folder: for its socket and state; a short path, because sockets' paths are.
        data: images and volumes.
        for_builds: on this machine's network, for builds with `network: host`; otherwise apart from it.
    """

    def __init__(self, folder: Path, data: Path, *, for_builds: bool = False) -> None:
        self._folder = folder
        self._group = f"suhu-compose-{os.getpid()}"
        (folder / "daemon.json").write_text("{}")  # and not that of this machine
        options = [f"--data-root={data}", f"--exec-root={folder / 'exec'}", f"--pidfile={folder / 'pid'}"]
        options += [f"--config-file={folder / 'daemon.json'}", f"--host={self.address}", "--ip6tables=false"]
        options += [f"--cgroup-parent=/{self._group}"]
        argv = [*APART, *([] if for_builds else NETWORK_APART), "docker-init", "--", "dockerd", *options]
        super().__init__("engine", [*argv, *(WITHOUT_NETWORK if for_builds else [])], folder)

    @property
    def address(self) -> str:
        """For DOCKER_HOST."""
        return f"unix://{self._folder / 'socket'}"

    @property
    def environment(self) -> Mapping[str, str]:
        """Of its clients: nothing of this machine's engine or user."""
        ours = {"DOCKER_HOST": self.address, "DOCKER_CONFIG": str(self._folder), "DOCKER_BUILDKIT": "0"}
        theirs = ("DOCKER_", "COMPOSE_")
        return {name: value for name, value in os.environ.items() if not name.startswith(theirs)} | ours

    def start(self) -> "Engine":
        """Start it and wait until it answers.

        Raises:
            SandboxError: it does not; with the last lines of its log.
        """
        (self._folder / "pid").unlink(missing_ok=True)
        super().start()
        self.wait_until(lambda: self.docker("version", check=False).returncode == 0, READY_TIMEOUT_S, "it answers")
        return self

    def terminate(self) -> None:
        """Ask the engine itself: `unshare` would not pass it on."""
        if self.alive:
            os.kill(self._init, signal.SIGTERM)

    def close(self) -> None:
        """Stop it and remove its control groups.

        Raises:
            SandboxError: a control group of a container is left.
        """
        super().close()
        for group in CGROUPS.glob(f"**/{self._group}"):
            control_groups.remove(group)

    def docker(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the engine's client."""
        return run(["docker", *arguments], self.environment, check=check)

    def inside(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of this machine where the containers are: with their network and process ids."""
        words = ["nsenter", f"--target={self._init}", "--net", "--pid", "--", *command]
        return run(words, self.environment, check=check)

    @property
    def _init(self) -> int:
        """The first process of its namespace, as this machine counts."""
        return int(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0])

    def clear(self) -> None:
        """Remove what a run that was cut short has left in the data, but for images."""
        for container in self.docker("ps", "--all", "--quiet").stdout.split():
            self.docker("rm", "--force", "--volumes", container)
        for kind in ("volume", "network"):
            self.docker(kind, "prune", "--force")

    def left(self) -> dict[str, list[str]]:
        """What there is besides images: containers, volumes, networks, mounts and control groups."""
        # The engine's own network and mounts are there from its start.
        asked = {
            "containers": ["ps", "--all", "--quiet"],
            "volumes": ["volume", "ls", "--quiet"],
            "networks": ["network", "ls", "--quiet", "--filter=type=custom"],
        }
        found = {kind: self.docker(*words).stdout.split() for kind, words in asked.items()}
        mounts = Path(f"/proc/{self._init}/mounts").read_text().splitlines()
        found["mounts"] = [line for line in mounts if "/overlay2/" in line or "/containers/" in line]
        found["groups"] = [str(below) for group in CGROUPS.glob(f"*/{self._group}") for below in group.glob("*/")]
        return found


def run(
    command: list[str],
    environment: Mapping[str, str],
    *,
    stdin: str = "",
    check: bool = True,
    timeout_s: float = COMMAND_TIMEOUT_S,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    Raises:
        SandboxError: it failed, unless `check` is False; with its last words.
    """
    ended = subprocess.run(
        command,
        env=dict(environment),
        cwd=PROJECT,
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout_s,
    )
    if check and ended.returncode != 0:
        words = "\n".join((ended.stdout + ended.stderr).splitlines()[-30:])
        raise SandboxError(f"{' '.join(command)} ended with {ended.returncode}:\n{words}")
    return ended


def what_is_missing() -> str | None:
    """Why no engine of our own can be run here, with the remedy; None when one can."""
    if os.geteuid() != 0:
        return "a container engine of our own needs root: run `make test-compose` as root"
    if sys.platform != "linux" or shutil.which("apt-get") is None:
        return "the images of the test are made of Debian packages: run it on Debian 12"
    release = Path("/etc/os-release").read_text()
    if "VERSION_CODENAME=bookworm" not in release:
        return "the base image of the test is made of this machine's packages: run it on Debian 12 (bookworm)"
    return None

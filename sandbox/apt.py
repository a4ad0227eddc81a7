import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.preflight import find_mosquitto, mosquitto_problems
from sandbox.transcript import follow

POLICY = Path("/usr/sbin/policy-rc.d")  # Debian asks it before a package may start its service
FORBID_START = "#!/bin/sh\nexit 101\n"
_STEP = re.compile(r"^(?:Get:\d+ \S+ )?(\S+/\S+ .*|Setting up .*)$")


def install_mosquitto(log: Path) -> None:
    """Install the MQTT broker by apt-get where it is missing and we are root; its service is not started.

    Raises:
        SandboxError: we may not, or apt-get failed.
    """
    environ = dict(os.environ)
    if find_mosquitto(environ):
        return
    for problem in mosquitto_problems(environ, is_root=os.geteuid() == 0):
        raise SandboxError(problem)
    _install("mosquitto", ["mosquitto"], log)


def install_systemd_container(log: Path) -> None:
    """Install what boots the test machine of tests/deploy, where that can be done; its tests are skipped elsewhere."""
    if all(shutil.which(program) for program in ("systemd-nspawn", "dbus-daemon", "udevadm")):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get") or not shutil.which("systemctl"):
        return
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "systemd"], capture_output=True, text=True)
    # In the version that is here: a test has no business upgrading a person's init system. CI has no such person.
    versions = [f"={asked.stdout}", *([""] if "SUHU_SKIP_NOTHING" in os.environ else [])]
    for version in versions:
        try:
            _install("systemd-nspawn", [f"systemd-container{version}", f"udev{version}", "dbus"], log)
            return
        except SandboxError as error:
            print(f"systemd-nspawn: {error}", flush=True)


def install_prometheus(log: Path) -> None:
    """Install Prometheus and promtool, which check and run deploy/prometheus, where that can be done."""
    if not (shutil.which("prometheus") and shutil.which("promtool")):
        _install_where_possible("prometheus", ["prometheus"], log)


def install_chromium(log: Path) -> None:
    """Install the browser and the letters of tests/dashboard/browser, where that can be done; skipped elsewhere."""
    if not (shutil.which("chromium") and Path("/usr/share/doc/fonts-inter").exists()):
        _install_where_possible("chromium", ["chromium", "fonts-inter"], log)


def install_container_engine(log: Path) -> None:
    """Install what runs the containers of tests/compose, and what makes their base image; no service is started.

    Raises:
        SandboxError: apt-get failed.
    """
    if not all(shutil.which(program) for program in ("docker", "dockerd", "docker-init", "runc", "mmdebstrap")):
        _install("container engine", ["docker.io", "runc", "containerd", "mmdebstrap"], log)


def _install_where_possible(name: str, packages: list[str], log: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    try:
        _install(name, packages, log)
    except SandboxError as error:
        print(f"{name}: {error}", flush=True)


def _install(name: str, packages: list[str], log: Path) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print(f"{name}: installing by apt-get", flush=True)
    with services_not_started(POLICY):
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]):
            for line in follow(command, log, f"Installing {name} by apt-get", quiet):
                if step := _STEP.match(line):
                    print(f"{name}: {step[1]}", flush=True)


@contextmanager
def services_not_started(policy: Path) -> Iterator[None]:
    """Keep a package from starting its service, such as a broker on port 1883; a policy that is there is respected."""
    try:
        policy.touch(exist_ok=False)
    except FileExistsError:
        yield
        return
    try:
        policy.write_text(FORBID_START)
        policy.chmod(0o755)
        yield
    finally:
        policy.unlink()

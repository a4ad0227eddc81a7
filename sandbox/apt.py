import os
import re
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
    quiet = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    print("mosquitto: installing by apt-get", flush=True)
    with services_not_started(POLICY):
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "mosquitto"]):
            for line in follow(command, log, "Installing mosquitto by apt-get", quiet):
                if step := _STEP.match(line):
                    print(f"mosquitto: {step[1]}", flush=True)


@contextmanager
def services_not_started(policy: Path) -> Iterator[None]:
    """Keep the package from starting a broker of its own on port 1883; a policy that is there is respected."""
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

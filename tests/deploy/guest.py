"""A real systemd, booted on an overlay of this machine's root by systemd-nspawn: nothing it writes stays."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.errors import SandboxError
from sandbox.process import Child
from tests import control_groups

BOOT_TIMEOUT_S = 40.0
COMMAND_TIMEOUT_S = 60.0
# Without these the device list and the address filter of a unit are accepted and not enforced.
WITH_BPF = ["--capability=CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN", "--system-call-filter=bpf"]
CGROUPS = Path("/sys/fs/cgroup")
ENTER = 'for g in "$0"/*/"$1" "$0"/"$1"; do [ -d "$g" ] && echo $$ >"$g/cgroup.procs"; done; shift; exec "$@"'


def what_is_missing() -> str | None:
    """Why no guest can be booted here, with the remedy; None when one can."""
    if os.geteuid() != 0:
        return "systemd-nspawn and an overlay mount need root: run the tests as root"
    needed = {"systemd-nspawn": "systemd-container", "dbus-daemon": "dbus", "udevadm": "udev"}
    missing = [package for program, package in needed.items() if shutil.which(program) is None]
    if missing:
        return f"the booted machine needs more: `apt-get install {' '.join(missing)}`, or `make test` as root"
    return None


class Guest:
    """One booted machine without a network; used as a context manager.

    Args:
        work_dir: for its console.
        files: written into it before the boot, by absolute path.
        binds: folders of this machine it sees read-only, by their path there.
    """

    def __init__(self, work_dir: Path, files: dict[str, str], binds: dict[str, Path]) -> None:
        self._work_dir = work_dir
        self._files = files
        self._binds = binds
        self._stack = ExitStack()

    def run(self, *argv: str, check: bool = True) -> str:
        """Run a command in it and return what it says.

        Raises:
            SandboxError: it failed, unless `check` is False.
        """
        inside = ["nsenter", f"--target={self._init}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"]
        ended = subprocess.run(
            [*inside, *argv],
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_PAGER": "", "LANG": "C.UTF-8"},
        )
        if check and ended.returncode != 0:
            raise SandboxError(f"{' '.join(argv)} ended with {ended.returncode}: {ended.stderr or ended.stdout}")
        return ended.stdout

    def in_its_network(self, *argv: str) -> list[str]:
        """The command that runs `argv` on this machine, where `localhost` is the guest's."""
        return ["nsenter", f"--target={self._init}", "--net", *argv]

    def write(self, path: str, text: str) -> None:
        """Write a file in the running guest."""
        self.run("sh", "-c", 'printf %s "$1" >"$2"', "sh", text, path)

    def copy_in(self, here: Path, path: str) -> None:
        """Copy a file of this machine into the running guest."""
        argv = ["nsenter", f"--target={self._init}", "--mount", "--root", "sh", "-c", 'cat >"$1"', "sh", path]
        with here.open("rb") as file:
            subprocess.run(argv, stdin=file, check=True)

    def __enter__(self) -> Self:
        try:
            root = self._stack.enter_context(_overlay())
            for path, text in self._files.items():
                target = root / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                target.write_text(text)
                target.chmod(0o755 if text.startswith("#!") else 0o644)
            cgroup = self._stack.enter_context(_cgroup())
            # A process namespace around it: systemd's process 1 would outlive a killed nspawn.
            nspawn = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
            nspawn += ["systemd-nspawn", "--quiet", "--boot", f"--directory={root}", "--register=no", "--keep-unit"]
            binds = [f"--bind-ro={here}:{there}" for there, here in self._binds.items()]
            argv = [*nspawn, "--private-network", *WITH_BPF, *binds, "systemd.unit=guest.target"]
            # Its own control group: two guests in one would be one machine to each other.
            argv = ["sh", "-c", ENTER, str(CGROUPS), cgroup, *argv]
            env = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
            self._child = Child("guest", argv, self._work_dir, env=env)
            self._stack.callback(self._child.kill)  # there is nothing in it that is worth a clean shutdown
            self._child.start()
            self._init = self._child.wait_until(self._find_init, BOOT_TIMEOUT_S, "its init runs")
            self._child.wait_until(self._booted, BOOT_TIMEOUT_S, "it has booted")
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _find_init(self) -> int | None:
        """The guest's process 1: the one below nspawn whose innermost process id is 1."""
        below = [self._child.pid]
        while below:
            parent = below.pop()
            try:
                below += [int(one) for one in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
                status = Path(f"/proc/{parent}/status").read_text()
                name = Path(f"/proc/{parent}/comm").read_text().strip()
            except FileNotFoundError:
                continue
            ids = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid"))
            if len(ids) > 1 and ids[-1] == "1" and name == "systemd":
                return parent
        return None

    def _booted(self) -> bool:
        return self.run("systemctl", "is-active", "guest.target", check=False).strip() == "active"


@contextmanager
def _overlay() -> Iterator[Path]:
    """A writable view of this machine's root whose changes lie in memory."""
    folder = Path(f"/run/suhu-guest-{secrets.token_hex(4)}")
    memory, merged = folder / "memory", folder / "root"
    with ExitStack() as stack:
        for one in (memory, merged):
            one.mkdir(parents=True)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(_mounted(memory, "-t", "tmpfs", "tmpfs"))
        upper, work = memory / "upper", memory / "work"
        upper.mkdir(mode=0o755)
        work.mkdir()
        stack.enter_context(
            _mounted(merged, "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={work}")
        )
        yield merged


@contextmanager
def _mounted(point: Path, *arguments: str) -> Iterator[None]:
    _host("mount", *arguments, str(point))
    try:
        yield
    finally:
        _host("umount", str(point))


@contextmanager
def _cgroup() -> Iterator[str]:
    """A control group of its own in every hierarchy that nspawn uses; its name."""
    name = f"suhu-guest-{secrets.token_hex(4)}"
    roots = [CGROUPS] if (CGROUPS / "cgroup.controllers").exists() else [CGROUPS / "unified", CGROUPS / "systemd"]
    made = [root / name for root in roots if root.is_dir()]
    for group in made:
        group.mkdir()
    try:
        yield name
    finally:
        for group in made:
            control_groups.remove(group)


def _host(*argv: str) -> None:
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise SandboxError(f"{' '.join(argv)} ended with {ended.returncode}: {ended.stderr.strip()}")

"""The files of a package, laid out in a folder as they will lie in the system."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.debian.manual import manual
from deploy.debian.package import FILES, Package
from sandbox.transcript import follow

LAUNCHER = """#!/usr/bin/python3 -sP
import sys

sys.path.insert(0, "{folder}")
from {module} import {function}

sys.exit({function}())
"""
COPYRIGHT = """Copyright 2026 the authors of Suhu Gateway. No licence has been stated for it.

The libraries in {folder} are under licences of their own: see the
*.dist-info folders there.
"""
# click makes these itself; only the gateway's command line has subcommands that are worth completing.
COMPLETIONS = {
    "bash": "/usr/share/bash-completion/completions/gateway",
    "zsh": "/usr/share/zsh/vendor-completions/_gateway",
    "fish": "/usr/share/fish/vendor_completions.d/gateway.fish",
}


def lay_out(package: Package, wheel: Path, root: Path, log: Path) -> None:
    """Fill `root` with everything but the control files.

    Args:
        package: which.
        wheel: of this project.
        root: an empty folder.
        log: of pip.

    Raises:
        SandboxError: a package cannot be had, or is not the locked one.
    """
    libraries = root / package.folder.lstrip("/")
    _install(package.lock, wheel, libraries, log)
    for name, place in package.commands.items():
        module, _, function = place.partition(":")
        text = LAUNCHER.format(folder=package.folder, module=module, function=function)
        _write(root, f"/usr/bin/{name}", text)
        _write_packed(root, f"/usr/share/man/man1/{name}.1.gz", manual(name, place, libraries))
    _write(root, f"/usr/lib/systemd/system/{package.name}.service", unit_text(package))
    _write(root, f"/usr/share/doc/{package.name}/copyright", COPYRIGHT.format(folder=package.folder))
    overrides = (FILES / "lintian-overrides").read_text().replace("@NAME@", package.name)
    _write(root, f"/usr/share/lintian/overrides/{package.name}", overrides)
    for target, source in (*package.files, *package.settings):
        _copy(source, root / target.lstrip("/"))
    for target, _ in package.settings:
        (root / target.lstrip("/")).chmod(0o640)
    if "gateway" in package.commands:
        for shell, target in COMPLETIONS.items():
            _write(root, target, _completion(shell, libraries))


def unit_text(package: Package) -> str:
    """The unit of the wheel, with the places that the package has."""
    text = package.unit.read_text("utf-8")
    return text.replace("/opt/suhu-gateway/bin/", "/usr/bin/").replace("/opt/suhu-gateway", package.folder)


def _install(lock: Path, wheel: Path, target: Path, log: Path) -> None:
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-compile",
        "--target",
        str(target),
    ]
    for what in (["--require-hashes", "--no-deps", "-r", str(lock)], ["--no-deps", "--no-index", str(wheel)]):
        for _ in follow([*pip, *what], log, f"Installing {what[-1]}"):
            pass
    shutil.rmtree(target / "bin", ignore_errors=True)  # commands for the Python that built it
    for found in list(target.rglob("__pycache__")):
        shutil.rmtree(found)


def _completion(shell: str, libraries: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(libraries), "_GATEWAY_COMPLETE": f"{shell}_source"}
    argv = [sys.executable, "-c", "from gateway.cli import main; main(prog_name='gateway')"]
    return subprocess.run(argv, capture_output=True, text=True, check=True, env=environment).stdout


def _write(root: Path, path: str, text: str) -> None:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    target.chmod(0o755 if path.startswith("/usr/bin/") else 0o644)


def _write_packed(root: Path, path: str, text: str) -> None:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(text.encode(), mtime=0))
    target.chmod(0o644)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
    for one in [target, *target.rglob("*")] if target.is_dir() else [target]:
        one.chmod(0o755 if one.is_dir() else 0o644)

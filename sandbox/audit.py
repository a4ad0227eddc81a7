"""`make audit`: ask the advisory database OSV about every package of the locks; a job for each release.

pip-audit says "no known vulnerabilities" also of packages that its database could not be asked about, as behind a
mirror of PyPI: so its JSON is read, and what was skipped counts as not audited.
"""

import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError
from sandbox.fetched import FETCHED, PROJECT
from sandbox.preflight import EX_UNAVAILABLE
from sandbox.transcript import follow

TOOL = "pip-audit==2.10.1"
FOLDER = FETCHED / "audit"  # an environment of its own: the tool's packages are none of ours
TIMEOUT_S = 15  # of each question


@dataclass(frozen=True, slots=True)
class Audit:
    """What the database says."""

    packages: int
    flaws: Sequence[str]  # for a person, each with the remedy
    skipped: Sequence[str]  # not audited, and why

    @classmethod
    def of(cls, told: str) -> "Audit":
        """From pip-audit's JSON."""
        packages = json.loads(told)["dependencies"]
        flaws = [
            f"{one['name']} {one['version']}: {_name(flaw)}, {_fix(flaw)}"
            for one in packages
            for flaw in one.get("vulns", ())
        ]
        skipped = [f"{one['name']}: {one['skip_reason']}" for one in packages if "skip_reason" in one]
        return cls(len(packages), flaws, skipped)


def _name(flaw: dict[str, Any]) -> str:
    return f"{flaw['id']} ({', '.join(flaw['aliases'])})" if flaw["aliases"] else str(flaw["id"])


def _fix(flaw: dict[str, Any]) -> str:
    versions = flaw["fix_versions"]
    return f"fixed in {', '.join(versions)}" if versions else "not fixed yet"


def ask(locks: Sequence[Path]) -> Audit:
    """Ask about every package of these locks.

    Raises:
        SandboxError: the tool cannot be installed, or the database not be asked; says why.
    """
    _install()
    log = FOLDER / "audit.log"
    requirements = [word for lock in locks for word in ("--requirement", str(lock))]
    command = [
        str(FOLDER / "bin" / "pip-audit"),
        *requirements,
        "--disable-pip",
        "--require-hashes",
        "--format",
        "json",
    ]
    command += [
        "--vulnerability-service",
        "osv",
        "--aliases",
        "on",
        "--progress-spinner",
        "off",
        "--timeout",
        str(TIMEOUT_S),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    log.write_text(done.stderr)
    try:
        return Audit.of(done.stdout)  # its exit code is 1 for flaws, and for its own troubles
    except ValueError:
        *_, cause = ["no word", *done.stderr.split("\n")[:-1]]
        raise SandboxError(
            f"nothing was audited, the advisory database api.osv.dev could not be asked: check the network connection "
            f"(behind a proxy, set https_proxy), then run it again. pip-audit's last words, of those in {log}: {cause}"
        ) from None


def _install() -> None:
    stamp = FOLDER / "stamp"
    if stamp.exists() and stamp.read_text() == TOOL:
        return
    venv.create(FOLDER, clear=True, with_pip=True)
    pip = [str(FOLDER / "bin" / "pip"), "install", "--disable-pip-version-check", TOOL]
    for _ in follow(pip, FETCHED / "pip-audit.log", "Installing pip-audit"):
        pass
    stamp.write_text(TOOL)


def main() -> int:
    """0: no flaw is known; 1: one is; 69: it cannot be said."""
    locks = sorted(PROJECT.glob("requirements*.txt"))
    try:
        audit = ask(locks)
    except (SandboxError, OSError) as error:
        print(f"audit: {error}", file=sys.stderr)
        return EX_UNAVAILABLE
    for flaw in audit.flaws:
        print(f"audit: {flaw}")
    if audit.flaws:
        print("audit: raise these versions (pyproject.toml, `make lock`), or say in docs/decisions why not.")
        return 1
    if audit.skipped:
        print(f"audit: {len(audit.skipped)} of {audit.packages} packages were not audited:", *audit.skipped, sep="\n  ")
        return EX_UNAVAILABLE
    print(f"audit: no flaw is known of the {audit.packages} packages in {', '.join(lock.name for lock in locks)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

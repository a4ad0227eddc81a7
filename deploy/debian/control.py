"""What dpkg is told of a package: control file, maintainer scripts, checksums."""

import hashlib
import os
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path

from deploy.debian.package import FILES, Package

SCRIPTS = ("postinst", "prerm", "postrm")
# As with Debian's own tools: who builds it says who answers for it.
MAINTAINER = "{name} <{address}>".format(
    name=os.environ.get("DEBFULLNAME", "Suhu Gateway"), address=os.environ.get("DEBEMAIL", "suhu-gateway@localhost")
)


def write_control(package: Package, version: str, root: Path) -> None:
    """Write the folder DEBIAN into a laid-out package."""
    folder = root / "DEBIAN"
    folder.mkdir()
    files = sorted(one for one in root.rglob("*") if one.is_file() and folder not in one.parents)
    (folder / "control").write_text(control_text(package, version, sum(one.stat().st_size for one in files)))
    (folder / "conffiles").write_text("".join(f"{target}\n" for target, _ in package.settings))
    (folder / "md5sums").write_text("".join(f"{_md5(one)}  {one.relative_to(root)}\n" for one in files))
    for name in SCRIPTS:
        script = folder / name
        script.write_text((FILES / name).read_text().replace("@NAME@", package.name))
        script.chmod(0o755)


def control_text(package: Package, version: str, size_bytes: int) -> str:
    """The control file; what was built for one version of Python is for no other."""
    major, minor = sys.version_info[:2]
    python = (f"python3 (>= {major}.{minor})", f"python3 (<< {major}.{minor + 1})")
    fields = {
        "Package": package.name,
        "Version": version,
        "Architecture": _architecture(),
        "Maintainer": MAINTAINER,
        "Installed-Size": str(-(-size_bytes // 1024)),
        "Depends": ", ".join((*python, "libc6 (>= 2.28)", "systemd (>= 252)", *package.depends)),
        "Recommends": ", ".join(package.recommends),
        "Section": "net",
        "Priority": "optional",
        "Description": "\n ".join((package.summary, *package.description.splitlines())),
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def changelog(package: Package, version: str) -> str:
    """The entry that Debian's tools look for; what changed is in CHANGELOG.md."""
    date = formatdate(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    return (
        f"{package.name} ({version}) unstable; urgency=medium\n\n"
        f"  * Release {version}: see CHANGELOG.md.\n\n -- {MAINTAINER}  {date}\n"
    )


def _architecture() -> str:
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()  # the format's own

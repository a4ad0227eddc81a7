"""`python -m deploy.debian [PACKAGE …]`: build them into dist/, and have lintian look at them where it is installed."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.debian.build import build
from deploy.debian.package import DASHBOARD, GATEWAY, PACKAGES
from gateway import __version__
from sandbox.errors import SandboxError
from sandbox.setup_step import run_step
from sandbox.wheel import FOLDER, build_wheel

DEFAULT = (GATEWAY.name, DASHBOARD.name)  # suhu-alerts brings Spark, half a gigabyte: only who asks for it waits


def main() -> None:
    """Build what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m deploy.debian", description="Build the Debian packages.")
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help=f"of {', '.join(PACKAGES)}")
    parser.add_argument("--version", default=__version__, help="%(default)s")
    parser.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help="%(default)s")
    given = parser.parse_args()
    wanted = given.packages or DEFAULT
    if unknown := sorted(set(wanted) - PACKAGES.keys()):
        raise SandboxError(f"there is no package {unknown[0]}: take of {', '.join(PACKAGES)}")
    wheel = build_wheel(given.output)
    for name in wanted:
        print(f"deb: building {name}", flush=True)
        built = build(PACKAGES[name], wheel, given.version, given.output)
        print(f"deb: {built} ({built.stat().st_size / 1e6:.1f} MB)", flush=True)
        _look_at(built)


def _look_at(built: Path) -> None:
    if shutil.which("lintian") is None:
        print("deb: not looked at: `apt-get install lintian`", flush=True)
        return
    looked = subprocess.run(["lintian", "--allow-root", str(built)], capture_output=True, text=True, check=False)
    print(looked.stdout, end="", flush=True)
    if looked.returncode != 0:
        raise SandboxError(f"lintian finds mistakes in {built.name}: they stand above.")


if __name__ == "__main__":
    sys.exit(run_step(main))

import gzip
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.debian.control import changelog, write_control
from deploy.debian.package import Package
from deploy.debian.tree import lay_out
from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT


def build(package: Package, wheel: Path, version: str, folder: Path, compression: str | None = None) -> Path:
    """Build one package and return where it is.

    Args:
        package: which.
        wheel: of this project.
        version: in dpkg's order, such as 0.1.0.
        folder: where it goes.
        compression: instead of the package's own; none is quick.

    Raises:
        SandboxError: there is no dpkg-deb, or a library cannot be had.
    """
    if shutil.which("dpkg-deb") is None:
        raise SandboxError("dpkg-deb is missing: Debian packages are built on Debian or Ubuntu.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="suhu-deb-") as scratch:
        root = Path(scratch) / package.name
        root.mkdir(mode=0o755)
        lay_out(package, wheel, root, folder / f"{package.name}.log")
        documents = root / "usr" / "share" / "doc" / package.name
        (documents / "changelog.gz").write_bytes(gzip.compress(changelog(package, version).encode(), mtime=0))
        shutil.copyfile(PROJECT / "CHANGELOG.md", documents / "CHANGELOG.md")
        write_control(package, version, root)
        argv = [
            "dpkg-deb",
            "--root-owner-group",
            f"-Z{compression or package.compression}",
            "--build",
            str(root),
            str(folder),
        ]
        made = subprocess.run(argv, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise SandboxError(f"dpkg-deb did not build {package.name}: {made.stderr.strip()}")
    (built,) = folder.glob(f"{package.name}_{version}_*.deb")
    return built

import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.install import install

METADATA = "Metadata-Version: 2.1\nName: tungku\nVersion: {version}\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def publish(version: str, wheels: Path) -> str:
    """Put a package into a folder that pip takes for a registry; return its line in a lock."""
    wheel = wheels / f"tungku-{version}-py3-none-any.whl"
    info = f"tungku-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tungku.py", f"version = {version!r}\n")
        archive.writestr(f"{info}/METADATA", METADATA.format(version=version))
        archive.writestr(f"{info}/WHEEL", WHEEL)
        archive.writestr(f"{info}/RECORD", "")
    return f"tungku=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def installed_version(folder: Path) -> str:
    ask = [str(folder / "bin" / "python"), "-c", "import tungku; print(tungku.version)"]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()


def test_the_lock_is_installed_and_a_changed_one_again(
    wheels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, lock, scratch = tmp_path / "venv", tmp_path / "lock.txt", tmp_path / "scratch"
    lock.write_text(publish("1.0", wheels))
    install(folder, lock, scratch)
    assert installed_version(folder) == "1.0"
    assert "[1/1] tungku-1.0-py3-none-any.whl\n" in capsys.readouterr().out

    install(folder, lock, scratch)
    assert capsys.readouterr().out == ""

    lock.write_text(publish("1.1", wheels))
    install(folder, lock, scratch)
    assert installed_version(folder) == "1.1"
    assert [path.name for path in scratch.iterdir()] == ["pip.log"]


def test_a_package_that_is_not_the_locked_one_is_refused(wheels: Path, tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(publish("1.0", wheels).replace("sha256:", "sha256:00")[:-3] + "\n")
    with pytest.raises(SandboxError, match=r"^Installing the Python packages failed, a package is not the one that"):
        install(tmp_path / "venv", lock, tmp_path / "scratch")
    assert not (tmp_path / "venv" / "lock").exists()

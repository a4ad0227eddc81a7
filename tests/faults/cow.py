import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.faults.command import run

XFS_MB, EXT4_MB = 512, 64


class PowerCut:
    """A small ext4 disk whose power can be cut, without a virtual machine.

    An XFS with reflinks lies in an image and holds the image of an ext4. To copy the inner image is one atomic step:
    the copy has every block that the ext4 has handed to its device by then, and nothing of what was still in the
    page cache. That is what a power cut leaves; so a missing fsync shows. A disk that lies (a cache of its own that
    drops or reorders writes) is not modelled.
    """

    def __init__(self, work_dir: Path) -> None:
        self._outer_image = work_dir / "xfs.img"
        self._outer = work_dir / "xfs"
        self._inner_image = self._outer / "ext4.img"
        self._copy = self._outer / "copy.img"
        self.folder = work_dir / "disk"

    def cut(self) -> None:
        """Take what would be left if the power went now; the disk goes on, until `restore`."""
        run("cp", "--reflink=always", self._inner_image, self._copy)

    def restore(self) -> None:
        """Put what the cut has left in the disk's place; nobody may use it."""
        run("umount", self.folder)
        self._copy.replace(self._inner_image)
        run("mount", "-o", "loop", self._inner_image, self.folder)

    def __enter__(self) -> Self:
        for folder in (self._outer, self.folder):
            folder.mkdir()
        try:
            _make("mkfs.xfs", ["-q", "-m", "reflink=1"], self._outer_image, XFS_MB, self._outer)
            _make("mkfs.ext4", ["-q"], self._inner_image, EXT4_MB, self.folder)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for folder in (self.folder, self._outer):
            if folder.is_mount():
                run("umount", folder)


def need_root() -> None:
    """Skip the test when it cannot mount anything."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")


def need_program(name: str, package: str) -> str:
    """The program's path; as root it is installed when it is missing, else the test is skipped."""
    if os.geteuid() == 0 and shutil.which(name) is None and shutil.which("apt-get"):
        subprocess.run(
            ["apt-get", "install", "--yes", "--no-install-recommends", package], check=False, capture_output=True
        )
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed: Debian has it in the package {package}")
    return path


def _make(program: str, options: Sequence[str], image: Path, megabytes: int, folder: Path) -> None:
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    run(program, *options, image)
    run("mount", "-o", "loop", image, folder)

import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.faults.command import run

MEGABYTES = 64


class SmallDisk:
    """An ext4 of its own for the journal, which can be filled if it is `small`; where none can be mounted, a folder."""

    def __init__(self, work_dir: Path) -> None:
        self.folder = work_dir / "journal-disk"
        self.small = os.geteuid() == 0 and shutil.which("mkfs.ext4") is not None
        self._image = work_dir / "journal-disk.img"
        self._filler = self.folder / "of-others"

    def fill(self) -> None:
        """Write until it takes no byte more."""
        with self._filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def empty(self) -> None:
        """Take away what `fill` wrote."""
        self._filler.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.small:
            with self._image.open("wb") as file:
                file.truncate(MEGABYTES << 20)
            run("mkfs.ext4", "-q", self._image)
            try:
                run("mount", "-o", "loop", self._image, self.folder)
            except OSError:  # a container without loop devices
                self.small = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.folder.is_mount():
            run("umount", self.folder)

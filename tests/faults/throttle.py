import os
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from sandbox.waiting import wait_until
from tests.faults.command import run

MEGABYTES = 64
CGROUPS = Path("/sys/fs/cgroup/blkio")  # of version 1; version 2 throttles writes too, by io.max
GONE_S = 10.0


class Throttle:
    """A small ext4 disk that can be made slow for the processes that are started through `wrapper`.

    The kernel's own throttling (cgroup v1, blkio.throttle.write_iops_device) on a loop device.
    """

    def __init__(self, work_dir: Path) -> None:
        if not (CGROUPS / "cgroup.procs").exists():
            pytest.skip(f"no cgroup v1 for block devices at {CGROUPS}")
        self._image = work_dir / "slow.img"
        self._device = ""
        self._group = CGROUPS / f"suhu-{os.getpid()}-{work_dir.name}"
        self.folder = work_dir / "slow"

    @property
    def wrapper(self) -> list[str]:
        """The command that runs a program which the limit is for."""
        return ["sh", "-c", f'echo $$ > "{self._group}/cgroup.procs"; exec "$@"', "sh"]

    def limit(self, writes_per_s: int) -> None:
        """From now on."""
        number = Path(self._device).stat().st_rdev
        limit = f"{os.major(number)}:{os.minor(number)} {writes_per_s}"
        (self._group / "blkio.throttle.write_iops_device").write_text(limit)

    def __enter__(self) -> Self:
        self.folder.mkdir()
        with self._image.open("wb") as file:
            file.truncate(MEGABYTES << 20)
        try:
            self._group.mkdir()
            run("mkfs.ext4", "-q", self._image)
            self._device = run("losetup", "--find", "--show", self._image)
            run("mount", self._device, self.folder)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.folder.is_mount():
            run("umount", self.folder)
        if self._device:
            run("losetup", "--detach", self._device)
        if self._group.exists():
            wait_until(
                lambda: not (self._group / "cgroup.procs").read_text(), GONE_S, "the end of the group's processes"
            )
            self._group.rmdir()

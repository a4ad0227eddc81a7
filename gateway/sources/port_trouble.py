"""Why a port cannot be used, in words: cause, place, remedy."""

import errno
import grp
import os
import stat
from pathlib import Path

from gateway.sources.port_holders import holders_of


def explained(url: str, exc: BaseException) -> str:
    """What a person can do about an error of a port call; pyserial hides the errno in some of its exceptions."""
    match getattr(exc, "errno", None):
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return f"{url} is not there: plug the device in, or correct the port (`gateway ports` lists what is there)"
        case errno.EACCES | errno.EPERM:
            return f"no permission to open {url}: {_way_in(url)}"
        case errno.EAGAIN | errno.EBUSY:
            return _in_use(url)
        case errno.EIO:
            return f"{url}: the device is gone"
    if "Inappropriate ioctl" in str(exc):
        return f"{url} is no serial port: correct the port"
    return str(exc) if url in str(exc) else f"{url}: {exc}"


def _in_use(url: str) -> str:
    holders = [holder for holder in holders_of(url) if holder.pid != os.getpid()]
    if holders:
        return f"{url} is in use by {' and '.join(map(str, holders))}: stop that one first"
    return f"{url} is in use by another program: stop that one first; `sudo fuser -v {url}` names it"


def _way_in(url: str) -> str:
    """The group that may use the port, and how to get into it."""
    try:
        found = Path(url).stat()
        group = grp.getgrgid(found.st_gid).gr_name
    except (OSError, KeyError):
        return "add this user to the group of the port (dialout on Debian, uucp on Arch)"
    if group == "root" or not found.st_mode & stat.S_IRGRP or not found.st_mode & stat.S_IWGRP:
        return (
            f"it belongs to the group {group} with mode {stat.S_IMODE(found.st_mode):04o}: give it to a group with a "
            'udev rule such as SUBSYSTEM=="tty", GROUP="dialout", MODE="0660"'
        )
    return (
        f"it belongs to the group {group}: `sudo usermod -aG {group} $USER` and log in again; "
        f"for the service SupplementaryGroups={group}"
    )

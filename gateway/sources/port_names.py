"""The names that udev gives a serial port besides the one that changes with every replug."""

import os
from dataclasses import dataclass
from pathlib import Path

from serial.tools.list_ports_linux import SysFS

LINKS = Path("/dev/serial")  # filled by udev; in a container only when /dev is mounted


@dataclass(frozen=True, slots=True)
class PortNames:
    """The links to one device; None where udev made none."""

    by_id: str | None  # by maker, product and serial number
    by_path: str | None  # by the socket it is plugged into


def names_of(port: str, links: Path = LINKS) -> PortNames:
    """The stable names of a device path."""
    device = os.path.realpath(port)
    return PortNames(_link_to(device, links / "by-id"), _link_to(device, links / "by-path"))


def better_name(port: str, links: Path = LINKS, *, has_serial_number: bool | None = None) -> str | None:
    """The name that a port should be configured by instead; None when its own is stable, or there is no other.

    Adapters without a serial number (CH340, PL2303) of one kind share their by-id name, and the one plugged in last
    gets it: of those the socket is the better name.

    Args:
        port: device path; a URL has no other name.
        links: where udev keeps them.
        has_serial_number: None asks the operating system.
    """
    if "://" in port or Path(port).parent.parent == links:
        return None
    names = names_of(port, links)
    if has_serial_number is None and names.by_id and names.by_path:
        has_serial_number = SysFS(os.path.realpath(port)).serial_number is not None
    preferred = (names.by_id, names.by_path) if has_serial_number else (names.by_path, names.by_id)
    return next((name for name in preferred if name is not None), None)


def _link_to(device: str, folder: Path) -> str | None:
    try:
        links = sorted(folder.iterdir())
    except OSError:
        return None
    return next((str(link) for link in links if os.path.realpath(link) == device), None)

"""What is plugged in: the serial ports of this machine, with what their adapters say of themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from serial.tools.list_ports_common import ListPortInfo
from serial.tools.list_ports_linux import SysFS, comports

from gateway.sources.port_holders import Holder, holders_of
from gateway.sources.port_names import LINKS, names_of

SYSFS = Path("/sys/class/tty")
NO_UART = "0"  # PORT_UNKNOWN: Linux makes /dev/ttyS0 to ttyS31 whether there is a port or not


@dataclass(frozen=True, slots=True)
class PluggedIn:
    """One port."""

    path: str
    by_id: str | None
    by_path: str | None
    usb_id: str | None  # VID:PID, four hexadecimal digits each
    product: str | None
    manufacturer: str | None
    serial_number: str | None
    holders: tuple[Holder, ...]  # who has it open

    @property
    def best_name(self) -> str:
        """What to configure it by: the adapter if that can be told from others, else the socket."""
        stable = (self.by_id, self.by_path) if self.serial_number else (self.by_path, self.by_id)
        return next((name for name in stable if name is not None), self.path)


def plugged_in() -> list[PluggedIn]:
    """Every serial port there is, by path."""
    return sorted((_described(info) for info in comports() if _is_there(info)), key=lambda one: one.path)


def described(paths: Iterable[str], links: Path = LINKS) -> list[PluggedIn]:
    """The ports of these paths, in their order; also pseudo-terminals, which are not listed."""
    return [_described(SysFS(path), links) for path in paths]


def _is_there(info: ListPortInfo, sysfs: Path = SYSFS) -> bool:
    try:
        return (sysfs / info.name / "type").read_text("ascii").strip() != NO_UART
    except OSError:  # only ports of this kind have the file
        return True


def _described(info: ListPortInfo, links: Path = LINKS) -> PluggedIn:
    names = names_of(info.device, links)
    return PluggedIn(
        path=info.device,
        by_id=names.by_id,
        by_path=names.by_path,
        usb_id=None if info.vid is None else f"{info.vid:04x}:{info.pid:04x}",
        product=info.product,
        manufacturer=info.manufacturer,
        serial_number=info.serial_number,
        holders=tuple(holders_of(info.device)),
    )

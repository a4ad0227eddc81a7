"""Log lines to journald with their fields, by its native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL)."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

SOCKET = Path("/run/systemd/journal/socket")
MAX_VALUE_BYTES = 16_384  # several such fields fit into one datagram
PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}  # as in syslog(3)


class Journald:
    """The journal's socket. A message that it does not take at once is refused: readings do not wait for a log."""

    def __init__(self, path: Path = SOCKET) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    def send(self, fields: Mapping[str, str]) -> bool:
        """Whether it took them."""
        try:
            self._socket.sendto(datagram(fields), self._path)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()


def leads_there(fd: int, environ: Mapping[str, str]) -> bool:
    """Whether this descriptor leads to journald: systemd has put its device and inode into $JOURNAL_STREAM."""
    try:
        status = os.fstat(fd)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def entry(event: Mapping[str, object], message: str) -> dict[str, str]:
    """A log event as journal fields: `SUHU_EVENT=source_lost`, `SUHU_SOURCE=…` beside the whole line as MESSAGE."""
    level = str(event.get("level", "info"))
    fields = {
        "MESSAGE": message,
        "PRIORITY": str(PRIORITIES.get(level, PRIORITIES["info"])),
        "SYSLOG_IDENTIFIER": "suhu-gateway",
    }
    named = {name: value for name, value in event.items() if name not in {"level", "timestamp"} and value is not None}
    return fields | {f"SUHU_{name.upper()}": str(value) for name, value in named.items()}


def datagram(fields: Mapping[str, str]) -> bytes:
    """The fields as one message; a value with a line break carries its length."""
    parts = []
    for name, value in fields.items():
        raw = value.encode("utf-8", "replace")[:MAX_VALUE_BYTES]
        if b"\n" in raw:
            parts.append(name.encode() + b"\n" + len(raw).to_bytes(8, "little") + raw + b"\n")
        else:
            parts.append(name.encode() + b"=" + raw + b"\n")
    return b"".join(parts)

"""Talking to the service manager, by the protocol of sd_notify(3): datagrams to the socket in $NOTIFY_SOCKET."""

import os
import socket
import time
from collections.abc import Mapping
from typing import Self

SEND_S = 0.5  # a manager that does not read must not stop the event loop


class Systemd:
    """The service manager that started us; without one, every call does nothing.

    A message that cannot be delivered is dropped: the manager may be gone, and readings go on all the same.

    Args:
        address: of its socket; None: there is no manager. A leading @ means the abstract namespace.
        watchdog_s: how long it waits for `alive` before it kills us; None: it does not watch.
    """

    def __init__(self, address: str | None = None, watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s
        self._address = address
        self._status = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """What systemd has told us, see sd_notify(3) and sd_watchdog_enabled(3)."""
        address = environ.get("NOTIFY_SOCKET")
        if not address or address[0] not in "/@":  # vsock: is for virtual machines
            return cls()
        period_us = environ.get("WATCHDOG_USEC", "")
        meant = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watches = meant and period_us.isdigit() and int(period_us) > 0
        return cls(address, int(period_us) / 1e6 if watches else None)

    @property
    def listens(self) -> bool:
        """Whether there is anyone to talk to."""
        return self._address is not None

    def ready(self) -> None:
        """Start-up, or a reload, is over."""
        self._send("READY=1")

    def reloading(self) -> None:
        """A reload begins; `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The stop begins."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Real work goes on; for the watchdog."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; the same line again costs nothing."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
            link.settimeout(SEND_S)
            try:
                link.connect(address)
                link.send(message.encode())
            except OSError:
                pass

import asyncio
import fcntl
import os
import select
import termios
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from firmware_sim.device import PtyDevice
from firmware_sim.errors import LinkUnavailable
from firmware_sim.frame import Frame
from firmware_sim.outlet import POLL_S, Presence, ignore, until
from firmware_sim.terminal import INT, fresh_terminal, speed_of
from firmware_sim.truth import TruthLog
from firmware_sim.uart import as_heard

UNPLUGGED = -1
CLIENT_POLL_S = 0.05  # nobody tells that a client has opened; hundreds of idle devices must not cost a core
EMPTY_LOOKS = 3  # bytes on their way inside the kernel are in no count, so one look at an empty terminal can be wrong


class PtyLink:
    """A device on a pseudo-terminal with a stable name; boots when a client opens it or flushes its input.

    Opening shows as the end of the hang-up state. pyserial flushes its input as the last step of its open(), and
    whatever was written before that is gone. So nothing is written until the client has been there for boot_s without
    a flush (packet mode reports each one, which starts boot_s again); then comes the banner, and only then a reading.
    A flush of a running device is taken as a new opening, because a close and open in one go leaves no other trace.
    """

    def __init__(self, device: PtyDevice, truth: TruthLog, announce: Callable[[str], None]) -> None:
        self.presence = Presence()
        self.on_request: Callable[[bytes], None] = ignore
        self._client = Presence()  # has the port open; booted or not
        self._device = device
        self._truth = truth
        self._announce = announce
        self._tasks: asyncio.TaskGroup
        self._watcher: asyncio.Task[None]
        self._master = UNPLUGGED
        self._node = Path()
        self._quiet_since_s = 0.0  # when the client came or last flushed its input
        self._after_garbage = False  # the client hears at another speed than the device has
        self._rest = b""  # of a line the terminal took only a part of: never torn, so it goes first

    @property
    def baud(self) -> int | None:
        """The fixed speed, or the one the client has set."""
        if self._device.pace != "client":
            return self._device.pace
        return speed_of(self._master) if self._master != UNPLUGGED else None

    @asynccontextmanager
    async def open(self, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        """Hold the link from entry to exit."""
        self._tasks = tasks
        self._plug(*fresh_terminal(self._device.link))
        try:
            self._announce(f"ready pty {self._device.name} {self._device.link}")
            yield
        finally:
            self._unplug()

    async def interrupt(self, duration_s: float) -> None:
        """Come back as another terminal under the same name, as an adapter does that is pulled and put in again."""
        fresh = fresh_terminal(self._device.link)  # made now: the number of the old one is still taken
        self._unplug()
        try:
            await asyncio.sleep(duration_s)
        except asyncio.CancelledError:
            os.close(fresh[0])
            raise
        self._plug(*fresh)

    def write(self, frame: Frame) -> bool:
        """Never waits: a terminal that is full overruns, as a UART does."""
        while self.presence.listening and self._events(select.POLLPRI):
            self._on_readable()  # the client has gone, or has flushed its input, this very moment
        if not self.presence.listening:
            return False
        at_ns = time.time_ns()
        heard = self._as_heard(frame)
        taken = 0 if self._rest and not self._taken_rest() else self._give(heard.data)
        if taken or not heard.data:
            self._rest = heard.data[taken:]
            self._truth.note_emitted(heard, at_ns)
        else:
            self._truth.note_dropped(heard, at_ns)
        return True

    async def drained(self) -> None:
        """Wait until the client has read all; at once when there is none."""
        for _ in range(EMPTY_LOOKS):
            await until(lambda: not self.presence.listening or (self._taken_rest() and self._all_read()))
            await asyncio.sleep(POLL_S)

    def _plug(self, master: int, node: Path) -> None:
        self._master, self._node = master, node
        try:
            self._point_link()
        except BaseException as exc:
            os.close(self._master)
            self._master = UNPLUGGED
            if isinstance(exc, OSError):
                raise LinkUnavailable(self._device.link, exc.strerror or str(exc)) from exc
            raise
        self._watcher = self._tasks.create_task(self._watch(), name=f"pty {self._device.name}")

    def _point_link(self) -> None:
        link = self._device.link
        if link.parent.exists() and not link.parent.is_dir():
            raise LinkUnavailable(link, f"{link.parent} is no directory")
        link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if link.is_symlink():
            if link.readlink().parent != self._node.parent:
                raise LinkUnavailable(link, f"it points to {link.readlink()}, which is no simulated device")
        elif link.exists():
            raise LinkUnavailable(link, f"a {'directory' if link.is_dir() else 'file'} of that name is there")
        fresh = link.with_name(f".{link.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self._node)
        fresh.replace(link)  # atomic: the name never stands for nothing while one device follows another

    def _unplug(self) -> None:
        if self._master == UNPLUGGED:
            return
        self._watcher.cancel()
        self._client_left()
        link = self._device.link
        if link.is_symlink() and link.readlink() == self._node:
            link.unlink()
        os.close(self._master)
        self._master = UNPLUGGED

    async def _watch(self) -> None:
        while True:
            await until(
                lambda: not self._events(0), CLIENT_POLL_S
            )  # epoll would report the hang-up of a closed port without end
            loop = asyncio.get_running_loop()
            self._quiet_since_s = loop.time()
            self._client.set(listening=True)
            loop.add_reader(self._master, self._on_readable)
            while await self._booted():
                if self._device.banner:
                    self._give(self._garbled(self._device.banner_bytes))
                self.presence.set(listening=True)
                await self.presence.ends()
            self._forget_unread()

    async def _booted(self) -> bool:
        loop = asyncio.get_running_loop()
        while loop.time() < (ready_s := self._quiet_since_s + self._device.boot_s):
            if await self._client.ends_before(ready_s):
                return False
        return self._client.listening

    def _on_readable(self) -> None:
        try:
            packet = os.read(self._master, 4096)
        except BlockingIOError:
            return
        except OSError:  # EIO: the client has closed
            self._client_left()
            return
        if packet[0] & termios.TIOCPKT_FLUSHREAD:
            self._quiet_since_s = asyncio.get_running_loop().time()
            self._rest = b""
            self._after_garbage = False
            self.presence.set(listening=False)
        elif packet[0] == termios.TIOCPKT_DATA and self.presence.listening:
            self.on_request(packet[1:])

    def _client_left(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        self._rest = b""
        self._after_garbage = False
        self.presence.set(listening=False)
        self._client.set(listening=False)

    def _events(self, kinds: int) -> int:
        """Which of these kinds are pending; a hang-up is always told."""
        poll = select.poll()
        poll.register(self._master, kinds)
        pending = poll.poll(0)
        return pending[0][1] if pending else 0

    def _garbled(self, data: bytes) -> bytes:
        """A device with a speed of its own is heard as such."""
        own, client = self._device.pace, speed_of(self._master)
        return data if own in {None, "client", client} or client is None else as_heard(data, int(own or 0), client)

    def _as_heard(self, frame: Frame) -> Frame:
        """Garbage has no line end: it takes the next line down with it, even when the client has found the speed."""
        data, after_garbage = self._garbled(frame.data), self._after_garbage
        self._after_garbage = data != frame.data
        if data != frame.data or after_garbage:
            return frame.spoiled("wrong-baud", data)
        return frame

    def _give(self, data: bytes) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0

    def _taken_rest(self) -> bool:
        if self._rest:
            self._rest = self._rest[self._give(self._rest) :]
        return not self._rest

    def _all_read(self) -> bool:
        try:
            with self._slave() as slave:
                unread_bytes: int = INT.unpack(fcntl.ioctl(slave, termios.FIONREAD, bytes(INT.size)))[0]
        except OSError:  # the client is alone by TIOCEXCL: it cannot be known
            return False
        return unread_bytes == 0

    def _forget_unread(self) -> None:
        """A closed UART keeps nothing; a pseudo-terminal would hand old lines to the next client."""
        try:
            with self._slave() as slave:
                termios.tcflush(slave, termios.TCIFLUSH)
        except OSError:  # the next client is here already, and alone by TIOCEXCL
            return

    @contextmanager
    def _slave(self) -> Iterator[int]:
        slave = os.open(self._node, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            yield slave
        finally:
            os.close(slave)

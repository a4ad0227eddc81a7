"""Bytes of a serial line to frames. Pure: no I/O, no clock."""

from dataclasses import dataclass, field

MAX_LINE_BYTES = 512  # the longest line of any device in our corpus has 300; noise without a line end has no bound


@dataclass(slots=True)
class LineFramer:
    r"""Cuts a byte stream into lines that end in CR, LF, CRLF or LFCR; empty lines are dropped.

    Whatever comes before the first line end after `reset()` may be the rest of a line that began
    before we listened: it is dropped, because `3.5` from `T=23.5` would be a false reading.
    A line longer than `max_bytes` is dropped up to its end and counted, so memory is bounded.

    `terminator` is what ends a frame instead, for devices that send neither CR nor LF.
    """

    max_bytes: int = MAX_LINE_BYTES
    terminator: bytes = b""
    overlong_total: int = 0
    overlong: list[bytes] = field(default_factory=list, init=False)  # what the last `feed` dropped, as far as it came
    _rest: bytes = field(default=b"", init=False)
    _skipping: bool = field(default=True, init=False)  # until the next line end

    def reset(self) -> None:
        """Forget the half line: the link was opened again."""
        self._rest = b""
        self._skipping = True

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, in order, without their ends."""
        self.overlong = []
        if self.terminator:
            first, *others = (self._rest + data).split(self.terminator)
        else:
            first, *others = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        if not others:
            self._keep_rest(first)
            return []
        lines = [] if self._skipping else [first]
        self._skipping = False
        *whole, rest = others
        lines += whole
        self._keep_rest(rest)
        return [line for line in lines if line and not self._is_overlong(line)]

    def _keep_rest(self, rest: bytes) -> None:
        if self._skipping:
            self._rest = self._begun_terminator(rest)
        elif len(rest) > self.max_bytes:
            self._drop(rest)
            self._rest = self._begun_terminator(rest)
            self._skipping = True
        else:
            self._rest = rest

    def _begun_terminator(self, rest: bytes) -> bytes:
        """What a terminator of several bytes may have begun with."""
        return rest[-(len(self.terminator) - 1) :] if len(self.terminator) > 1 else b""

    def _is_overlong(self, line: bytes) -> bool:
        if len(line) <= self.max_bytes:
            return False
        self._drop(line)
        return True

    def _drop(self, line: bytes) -> None:
        self.overlong_total += 1
        self.overlong.append(line)

"""The tree of errors. Each class answers one question: what does the caller do now?"""


class GatewayError(Exception):
    """Anything the gateway itself reports; the text names cause, place and remedy for a person."""


class ConfigError(GatewayError):
    """Stop with exit code 78. Never raised after start-up."""


class AlreadyRunning(GatewayError):
    """Stop with exit code 75: another process holds the journal.

    Attributes:
        pid: the holder's process id, None when it could not be read.
    """

    def __init__(self, path: str, pid: int | None) -> None:
        self.pid = pid
        holder = f"PID {pid}" if pid is not None else "an unknown process"
        super().__init__(
            f"the journal {path} is in use by {holder}: stop that gateway first, "
            "or give this one a journal of its own (journal.path)"
        )


class FrameError(GatewayError):
    """Drop this frame, count it with its reason, go on.

    Attributes:
        reason: stable code for counters, such as `no_temperature`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        super().__init__(detail)


class SourceLost(GatewayError):
    """Open the source again, with back-off, for ever.

    Attributes:
        longest_pause_s: how long the pauses between two attempts may get. A device of this machine is looked for
            each second, since nobody else notices; whoever is asked over a network gets longer ones.
    """

    def __init__(self, text: str, longest_pause_s: float = 1.0) -> None:
        self.longest_pause_s = longest_pause_s
        super().__init__(text)


class SinkUnavailable(GatewayError):
    """Send the same records again, with back-off, for ever.

    Attributes:
        kind: stable code of the reason, for logs and counters, such as `login`.
    """

    def __init__(self, text: str, *, kind: str = "other") -> None:
        self.kind = kind
        super().__init__(text)


class SpoolError(GatewayError):
    """Data safety is in doubt: stop acknowledging and say so loudly.

    Attributes:
        full: there is no room; deleting, or a person, can make some.
        forbidden: this user may not use the file.
    """

    def __init__(self, text: str, *, full: bool = False, forbidden: bool = False) -> None:
        self.full = full
        self.forbidden = forbidden
        super().__init__(text)

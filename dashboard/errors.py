"""The tree of errors. Each class carries the exit code (sysexits.h) with which the dashboard ends at start-up."""


class DashboardError(Exception):
    """Anything the dashboard itself reports; the text names cause, place and remedy for a person."""

    exit_code = 70


class Unavailable(DashboardError):
    """Something it needs is not there: the port, an installed package."""

    exit_code = 69


class ConfigError(DashboardError):
    """The options contradict each other, or a file that they name cannot be used. Never raised after start-up."""

    exit_code = 78


class RecordError(DashboardError):
    """Skip this record, count it with its reason, go on.

    Attributes:
        reason: stable code for the counters, such as `malformed`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        super().__init__(detail)


class HistoryError(DashboardError):
    """A question about the history that cannot be answered; the one who asked is told.

    Attributes:
        status: the HTTP status that says whose matter it is.
    """

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)

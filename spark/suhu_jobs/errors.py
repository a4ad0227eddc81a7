"""The tree of errors. Each class carries the exit code (sysexits.h) with which the job ends when nobody handles it."""


class JobError(Exception):
    """Why the job cannot go on; the text names cause, place and remedy for a person."""

    exit_code = 70


class UsageError(JobError):
    """The command line asks for something that does not exist."""

    exit_code = 64


class NoReadings(JobError):
    """There is nothing to report on: no history, no such day, no such sensor."""

    exit_code = 66


class Unavailable(JobError):
    """Something the job needs is not there: Java, Spark, the Kafka connector, a topic, enough task slots."""

    exit_code = 69


class StorageError(JobError):
    """Checkpoint or state cannot be read or written, or nobody reads standard output any more."""

    exit_code = 74


class AlreadyRunning(JobError):
    """Another job holds the state directory."""

    exit_code = 75


class ConfigError(JobError):
    """The options contradict what checkpoint, state or topics hold."""

    exit_code = 78


class KafkaUnreachable(Exception):
    """Ask again, with back-off: no broker answered in time. Never reaches a person as it is."""


class Stopped(Exception):
    """A signal came while the job waited for something: end, with exit code 0."""

"""Whether this process may open what a client needs: no library tells a full table of files from a silent broker."""

import resource
import socket

from gateway.sinks.kafka_words import Failure

OF_A_CLIENT = 4  # its poller, a pipe to wake it, and a connection


def missing_descriptors(needed: int) -> Failure | None:
    """What is wrong when so many connections could not be opened now; None when they could."""
    held: list[socket.socket] = []
    try:
        for _ in range(needed):
            held.append(socket.socket())  # noqa: PERF401 - what is open must be closed when the next one fails
    except OSError as exc:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return Failure("no_descriptor", f"{exc.strerror}; this process may have {limit}")
    finally:
        for one in held:
            one.close()
    return None

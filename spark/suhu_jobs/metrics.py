"""Figures for Prometheus. What is behind the port has neither login nor TLS, so that it is on loopback if not told."""

import socket
from collections.abc import Callable

from prometheus_client import CollectorRegistry, start_http_server

from suhu_jobs.errors import Unavailable


def serve_metrics(host: str, port: int, registry: CollectorRegistry) -> Callable[[], None]:
    """Answer http://host:port/metrics in a thread of its own.

    Returns:
        What ends it.

    Raises:
        Unavailable: the port cannot be had.
    """
    try:
        server, thread = start_http_server(port, host, registry)
    except socket.gaierror as exc:
        raise Unavailable(f"--metrics-host {host} is no address of this machine ({exc.strerror}): give one") from exc
    except OSError as exc:
        raise Unavailable(
            f"--metrics-port {port} of {host} cannot be used ({exc.strerror}): give another one, or 0"
        ) from exc

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return close

"""Figures for Prometheus, on loopback only: what is behind the port has neither login nor TLS."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, start_http_server

from suhu_jobs.errors import Unavailable

LOOPBACK = "127.0.0.1"


def serve_metrics(port: int, registry: CollectorRegistry) -> Callable[[], None]:
    """Answer http://127.0.0.1:port/metrics in a thread of its own.

    Returns:
        What ends it.

    Raises:
        Unavailable: the port cannot be had.
    """
    try:
        server, thread = start_http_server(port, LOOPBACK, registry)
    except OSError as exc:
        raise Unavailable(f"--metrics-port {port} cannot be used ({exc.strerror}): give another one, or 0") from exc

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return close

"""Words for people and exit codes for programs; Kafka and the web are imported when the options are right."""

import os
import socket
import sys
from pathlib import Path

import click

from dashboard.errors import ConfigError, DashboardError
from dashboard.kafka_config import read_kafka_config
from dashboard.listen import check_tls, parse_address
from dashboard.machines import read_machines
from dashboard.settings import Settings, check_exposure, gateway_url, hosts, read_token

click.UsageError.exit_code = os.EX_USAGE
FILE = click.Path(path_type=Path)


@click.command()
@click.option("--bootstrap-servers", default="localhost:9092", show_default=True, metavar="HOST:PORT,…")
@click.option(
    "--topic", default="sensor-suhu", show_default=True, help="Readings; also TOPIC-alerts, …-stats, …-incidents."
)
@click.option("--kafka-config", type=FILE, metavar="FILE", help="TLS and login, in the words of Kafka's own clients.")
@click.option("--listen", default="127.0.0.1:8080", show_default=True, metavar="HOST:PORT", help="Port 0: any.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="Another name that the page may be asked for under.")
@click.option("--token-file", type=FILE, metavar="FILE", help="The secret that opens the page: /?token=…")
@click.option("--tls-cert", type=FILE, metavar="FILE", help="Certificate, PEM.")
@click.option("--tls-key", type=FILE, metavar="FILE", help="Its key, PEM.")
@click.option("--published-on-loopback", is_flag=True, help="In a container whose port only its host can reach.")
@click.option("--history", type=FILE, metavar="DIR", help="What the Spark pipeline writes, for days that are over.")
@click.option("--machines", type=FILE, metavar="FILE", help="Names and limits by sensor; see spark/machines.csv.")
@click.option(
    "--gateway", multiple=True, metavar="URL", help="A gateway's [health] port, such as http://127.0.0.1:9108."
)
@click.option("--lang", type=click.Choice(["auto", "en", "id"]), default="auto", show_default=True)
@click.option("--stale-after-s", type=click.FloatRange(min=0.5), default=5.0, show_default=True, metavar="S")
@click.option("--max-clients", type=click.IntRange(min=1), default=64, show_default=True, metavar="N")
@click.option("--max-sensors", type=click.IntRange(min=1), default=2000, show_default=True, metavar="N")
def main(**options: object) -> None:
    """Serve the live page of the plant at http://127.0.0.1:8080."""
    try:
        settings = _settings(**options)  # type: ignore[arg-type]  # click has checked them
        from dashboard import app

        code = app.run(settings)
    except DashboardError as exc:
        click.echo(f"suhu-dashboard: {exc}", err=True)
        code = exc.exit_code
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.startswith("dashboard"):
            raise
        click.echo(f"suhu-dashboard: {exc.name} is not installed: pip install 'suhu-gateway[dashboard]'", err=True)
        code = os.EX_UNAVAILABLE
    sys.exit(code)


def _settings(
    *,
    bootstrap_servers: str,
    topic: str,
    kafka_config: Path | None,
    listen: str,
    allow_host: tuple[str, ...],
    token_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    published_on_loopback: bool,
    history: Path | None,
    machines: Path | None,
    gateway: tuple[str, ...],
    lang: str,
    stale_after_s: float,
    max_clients: int,
    max_sensors: int,
) -> Settings:
    """Check the options against each other.

    Raises:
        ConfigError: they cannot be meant.
    """
    address = parse_address(listen)
    if (tls_cert is None) != (tls_key is None):
        raise ConfigError("--tls-cert and --tls-key belong together: give both, or none")
    tls = (tls_cert, tls_key) if tls_cert and tls_key else None
    check_exposure(
        address,
        has_token=token_file is not None,
        has_tls=tls is not None,
        published_on_loopback=published_on_loopback,
    )
    if tls:
        check_tls(*tls)
    if history is not None and history.exists() and not history.is_dir():
        raise ConfigError(f"--history {history}: is no folder: give the one that pipeline.py --history writes to")
    return Settings(
        bootstrap_servers=bootstrap_servers,
        topic=topic,
        kafka=read_kafka_config(kafka_config),
        listen=address,
        allowed_hosts=hosts(address, allow_host, socket.gethostname()),
        token=read_token(token_file) if token_file else None,
        tls=tls,
        history=history,
        machines=read_machines(machines) if machines else {},
        machines_file=machines,
        gateways=tuple(gateway_url(url) for url in gateway),
        language=lang,
        stale_after_s=stale_after_s,
        max_clients=max_clients,
        max_sensors=max_sensors,
    )

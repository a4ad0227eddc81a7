"""`gateway verify`: read the topic and prove that nothing is missing."""

import json
import sys
from pathlib import Path

import click

from gateway.cli.chosen import config_option, json_option, servers_option
from gateway.cli.progress import bar
from gateway.cli.run import effective_config
from gateway.cli.words import said
from gateway.proof import Proof

SHOWN_HOLES = 5


@click.command()
@config_option
@servers_option
@json_option
def verify(config_path: Path | None, bootstrap_servers: str | None, as_json: bool) -> None:
    """Read the topic and prove it: records, holes, duplicates and order, per gateway and sensor.

    Exit code 1 when a record is missing.
    """
    from gateway.sinks.kafka_door import door_of
    from gateway.sinks.kafka_topic import KafkaTopic  # here, because the daemon may use another client library

    with said():
        config = effective_config(config_path, bootstrap_servers, None)
        topic = KafkaTopic(door_of(config.kafka), config.kafka.topic)
        proof = Proof(complete=topic.complete)
        with bar("reading", topic.total) as moving:
            for values in topic.values():
                proof.add(values)
                moving.update(len(values))
        topic.close()
    if as_json:
        click.echo(json.dumps(proof.report(), indent=2))
    else:
        _print(proof)
    sys.exit(0 if proof.proven else 1)


def _print(proof: Proof) -> None:
    for name, journal in sorted(proof.journals.items()):
        holes = proof.holes(name)
        missing = sum(high - low + 1 for low, high in holes)
        click.echo(f"{name}: sequences {journal.sequences.first} to {journal.sequences.last}, {missing} missing")
        for low, high in holes[:SHOWN_HOLES]:
            click.echo(f"  missing {low}" if low == high else f"  missing {low} to {high}")
        if len(holes) > SHOWN_HOLES:
            click.echo(f"  and {len(holes) - SHOWN_HOLES} holes more (--json names them all)")
        for sensor_id, sensor in sorted(journal.sensors.items()):
            click.echo(
                f"  {sensor_id}: {sensor.records} records, {sensor.duplicates} duplicates, "
                f"{sensor.out_of_order} out of order, {sensor.first_measured_at} to {sensor.last_measured_at}"
            )
    if proof.foreign:
        click.echo(f"{proof.foreign} records without an event_id: of other producers")
    if not proof.journals:
        click.echo("the topic holds no record of a gateway")

"""Enriched readings and incidents from the pipeline as a process, on a real broker."""

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sandbox.errors import SandboxError
from sandbox.kafka import Kafka
from sandbox.records import Record, read_topic
from sandbox.spark import PipelineJob
from tests.spark.pipeline.plant import faults_of_enriched, faults_of_incidents, gateway, readings, record, send

pytestmark = pytest.mark.system

PATIENCE_S = 300.0
OVERHEATING_ONLY = ("--fast-heating", "1e9", "--silent-after-s", "86400")
CYCLES = 15  # of 40 s; 45 incidents, 90 records
SECONDS = 40 * CYCLES + 5  # the last one ends, too


@dataclasses.dataclass
class Run:
    """A pipeline on topics of its own."""

    kafka: Kafka
    job: PipelineJob
    topic: str
    machines: Path

    def written(self, query: str) -> list[Record]:
        try:
            return read_topic(self.kafka.bootstrap_servers, f"{self.topic}-{query}")
        except SandboxError:
            return []  # not created yet

    def values(self, query: str) -> list[dict[str, Any]]:
        return [json.loads(each.value or b"") for each in self.written(query)]

    def wait_for(self, query: str, found: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        self.job.wait_until(lambda: found(self.values(query)), PATIENCE_S, f"the right records of {query}")
        return self.values(query)


@contextmanager
def _run(kafka: Kafka, tmp_path: Path, *options: str) -> Iterator[Run]:
    topic = f"plant-{tmp_path.name}"
    kafka.create_topic(topic, 3)
    machines = tmp_path / "machines.csv"
    machines.write_text("sensor_id,machine\nS1,Press\nS2,Fan\n")
    arguments = ["--topic", topic, "--machines", str(machines), "--trigger-s", "0.1", "--state-partitions", "2"]
    queries = ("enriched", "incidents")
    with PipelineJob(
        tmp_path,
        kafka.bootstrap_servers,
        tmp_path / "checkpoint",
        queries=queries,
        arguments=[*arguments, *options],
    ) as job:
        yield Run(kafka, job, topic, machines)


@contextmanager
def _sending(run: Run, seconds: int) -> Iterator[None]:
    """Send the plant's readings bit by bit, with resends, in the background; done at the end."""

    def work() -> None:
        with gateway(run.kafka) as producer:
            for second in range(0, seconds, 5):
                send(producer, run.topic, readings(second, min(second + 5, seconds)))
                send(producer, run.topic, readings(max(second - 7, 0), second))  # the gateway was not sure
                time.sleep(0.5)  # so that the job is killed among readings, not before or after them

    sender = threading.Thread(target=work, daemon=True)
    sender.start()
    yield
    sender.join(PATIENCE_S)
    assert not sender.is_alive()


def test_a_kill_in_the_middle_loses_nothing_and_changes_no_byte(kafka: Kafka, tmp_path: Path, contracts: Path) -> None:
    with _run(kafka, tmp_path, *OVERHEATING_ONLY) as run, _sending(run, SECONDS):
        run.wait_for("incidents", lambda told: len(told) >= 10)
        run.job.kill()
        assert faults_of_incidents(run.written("incidents"), CYCLES) != []
        run.job.start()
        run.wait_for("incidents", lambda told: len({one["record_id"] for one in told}) == 6 * CYCLES)
        run.wait_for("enriched", lambda told: len({one["reading_id"] for one in told}) == 3 * SECONDS)
        assert run.job.stop() == 0
        incidents, enriched = run.written("incidents"), run.written("enriched")
    assert faults_of_incidents(incidents, CYCLES) == []
    assert faults_of_enriched(enriched, SECONDS) == []
    for query, records in (("incidents", incidents), ("enriched", enriched)):
        validator = Draft202012Validator(json.loads((contracts / f"sensor-suhu-{query}.schema.json").read_text()))
        for each in records:
            value = json.loads(each.value or b"")
            validator.validate(value)
            assert value["sensor_id"].encode() == each.key
    _see_that_faults_are_seen(incidents, enriched)


def _see_that_faults_are_seen(incidents: list[Record], enriched: list[Record]) -> None:
    """The negative control: the same records with one of them lost or changed."""
    lost = json.loads(incidents[17].value or b"")["record_id"].encode()
    assert faults_of_incidents([each for each in incidents if lost not in (each.value or b"")], CYCLES) != []
    changed = dataclasses.replace(incidents[17], value=(incidents[17].value or b"").replace(b"false", b"true"))
    assert faults_of_incidents([*incidents, changed], CYCLES) == [f"{lost.decode()} differs"]
    lost = json.loads(enriched[17].value or b"")["reading_id"].encode() + b'"'
    assert faults_of_enriched([each for each in enriched if lost not in (each.value or b"")], SECONDS) != []


def test_machines_are_read_again_while_the_job_runs_and_a_sensor_goes_silent_and_comes_back(
    kafka: Kafka, tmp_path: Path
) -> None:
    with _run(kafka, tmp_path, "--silent-after-s", "3") as run, gateway(kafka) as producer:
        sequence = 0

        def machine_after(content: str) -> tuple[str | None, str]:
            nonlocal sequence
            sequence += 1
            run.machines.write_text(content)
            send(producer, run.topic, [("S1", record("S1", 1000 * sequence, 65, sequence))])
            last = run.wait_for("enriched", lambda told: len(told) == sequence)[-1]
            return last["machine"], last["level"]

        assert machine_after("sensor_id,machine\nS1,Press\n") == ("Press", "normal")
        limited = "sensor_id,machine,warning_above_celsius\nS1,Oven,60\n"
        assert machine_after(limited) == ("Oven", "warning")
        assert machine_after("sensor_id,machine\nS1,Oven,60\n") == ("Oven", "warning")
        words = f"{run.machines}:2: 3 cells under 2 columns: put a name with a comma in it into quotation marks"
        run.job.wait_for_line(f'event="machines kept" error="{words}"', PATIENCE_S)
        assert machine_after("sensor_id,machine\nS2,Fan\n") == (None, "normal")
        silence = run.wait_for("incidents", lambda told: _silent_since(told[-1:], "2024-03-01T01:06:40.000Z"))[-1]
        sequence += 1
        send(producer, run.topic, [("S1", record("S1", 1000 * sequence, 65, sequence))])
        back = run.wait_for("incidents", lambda told: told[-1]["phase"] == "ended")[-1]
        assert back["incident_id"] == silence["incident_id"] == f"silent/{silence['reading_id']}"
        assert (back["kind"], back["duration_s"]) == ("silent", 1000.0)
        assert run.job.stop() == 0


def _silent_since(last: list[dict[str, Any]], began_at: str) -> bool:
    return [(one["kind"], one["phase"], one["began_at"]) for one in last] == [("silent", "began", began_at)]


def test_a_machines_file_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    missing = tmp_path / "none.csv"
    job = PipelineJob(tmp_path, "127.0.0.1:9", tmp_path / "checkpoint", arguments=["--machines", str(missing)])
    with pytest.raises(SandboxError, match=r"exit code 78"):
        job.start()
    job.close()
    words = (
        f"pipeline.py: {missing}: No such file or directory: put the file there, or give another one with --machines"
    )
    assert words in job.log.read_text()

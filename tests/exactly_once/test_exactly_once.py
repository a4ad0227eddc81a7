"""The job is ended a few times as `make test-spark` does it 200 times, and the controls that the checker must find."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.kafka import Kafka
from tests.exactly_once.result import Result
from tests.exactly_once.trial import MICRO_BATCH, SHORT_BATCHES, Kind, Trial
from tests.spark.alert_process import AlertProcess, record_class_cache

pytestmark = pytest.mark.system

SEED = 20261122


@pytest.fixture(scope="module")
def kafka_to_harm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka-to-harm")) as kafka:
        if AlertProcess.class_cache is None:
            AlertProcess.class_cache = record_class_cache(kafka, tmp_path_factory.mktemp("classes"))
        yield kafka


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        (SHORT_BATCHES, ["SIGKILL", "SIGKILL of the JVM", "SIGTERM", "SIGKILL of Python"]),
        (MICRO_BATCH, ["SIGKILL", "SIGTERM", "SIGKILL of the JVM"]),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else "",
)
def test_every_hot_reading_is_printed_once_however_the_job_ends(
    kafka_to_harm: Kafka, tmp_path: Path, kind: Kind, ends: list[str]
) -> None:
    result = Trial(kafka_to_harm, tmp_path, kind, SEED).run(len(ends), ends)
    assert result.broken == {}
    assert (result.lives, result.printed) == (len(ends), result.hot)
    assert result.hot > 300


@pytest.mark.parametrize(("stall", "repeats"), [("stall_before_printing", 0), ("stall_after_printing", 1)])
def test_a_kill_while_a_line_is_printed_marks_it(
    kafka_to_harm: Kafka, tmp_path: Path, stall: str, repeats: int
) -> None:
    result = _killed(2, kafka_to_harm, tmp_path, stall)
    assert result.broken == {}
    assert result.marked >= 1
    assert result.repeated_marked >= repeats


@pytest.mark.parametrize(
    ("variants", "kills", "found"),
    [
        (("stall_before_printing", "mark_before_printing"), 2, "W1 missing"),
        (("stall_after_printing", "forget_the_intent"), 1, "W3 repeated"),
        (("never_recognise",), 1, "W3 repeated"),
    ],
)
def test_a_job_that_breaks_a_promise_is_found_out(
    kafka_to_harm: Kafka, tmp_path: Path, variants: tuple[str, ...], kills: int, found: str
) -> None:
    assert found in _killed(kills, kafka_to_harm, tmp_path, *variants).broken


def _killed(kills: int, kafka: Kafka, work_dir: Path, *variants: str) -> Result:
    kind = Kind(" and ".join(variants), variants=variants)
    return Trial(kafka, work_dir, kind, SEED, while_starting=0).run(kills, ["SIGKILL"] * kills)

from dataclasses import replace

from gateway.health.snapshot import SourceState, unready
from tests.gateway.health.examples import HEALTHY


def test_a_healthy_gateway_has_nothing_that_keeps_it_from_being_ready() -> None:
    assert unready(HEALTHY) == []
    assert HEALTHY.summary() == "1 of 1 sources up, 3 readings wait for Kafka"


def test_every_trouble_is_a_reason_in_words_and_stands_in_the_summary() -> None:
    troubled = replace(
        HEALTHY,
        sources={"serial /dev/ttyUSB0": SourceState(is_up=False, error="it is unplugged"), **HEALTHY.sources},
        kafka_down_s=61.4,
        kafka_error="no broker answers at k:9092",
        journal_trouble="journal_full",
        journal_error="the disk is full",
        stuck=["the journal has not finished a commit for 130 s"],
        clock_unsynced=True,
    )
    assert unready(troubled) == [
        {"reason": "stuck", "detail": "the journal has not finished a commit for 130 s"},
        {"reason": "journal_full", "detail": "the disk is full"},
        {"reason": "kafka_down", "detail": "no broker answers at k:9092 (for 61 s)"},
        {"reason": "source_down", "detail": "serial /dev/ttyUSB0: it is unplugged"},
        {
            "reason": "clock_unsynced",
            "detail": "the wall clock is before this program's release: set it, or let NTP",
        },
    ]
    assert troubled.summary() == (
        "1 of 2 sources up, serial /dev/ttyUSB0 is down, 3 readings wait for Kafka, "
        "Kafka is down for 61 s, journal full"
    )


def test_a_gateway_that_has_found_no_source_yet_is_not_ready() -> None:
    looking = replace(HEALTHY, sources={})
    assert [one["reason"] for one in unready(looking)] == ["no_source"]
    assert looking.summary().startswith("looking for a source")


def test_what_is_closed_in_the_course_of_a_reload_is_no_trouble() -> None:
    reloading = replace(HEALTHY, sources={"mqtt b:1883": SourceState(is_up=False)}, changing="reloading")
    assert [one["reason"] for one in unready(reloading)] == ["reloading"]
    stuck = replace(reloading, stuck=["reloading has not come to an end for 200 s"], changing="stopping")
    assert [one["reason"] for one in unready(stuck)] == ["stuck", "stopping"]


def test_the_document_is_for_json() -> None:
    document = HEALTHY.document()
    assert document["state"] == "1 of 1 sources up, 3 readings wait for Kafka"
    assert document["sources"] == {"mqtt b:1883": {"is_up": True, "error": None}}
    assert document["sensors"] == {"S1": {"celsius": 70.5, "age_s": 0.25}}
    assert document["unready"] == []

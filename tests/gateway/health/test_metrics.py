import re
from dataclasses import replace
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from gateway.health.metrics import rendered
from gateway.health.snapshot import JournalSize, SourceState
from tests.gateway.health.examples import HEALTHY

SIZE = JournalSize(bytes=4096, max_bytes=8192, disk_free_bytes=1_000_000, oldest_waiting_ms=1_800_000_000_000)
NOW_S = 1_800_000_007.5
DOCUMENTED = re.compile(r"^\| `(suhu_gateway_[a-z_]+)", re.MULTILINE)


def samples(text: bytes) -> dict[tuple[str, ...], float]:
    """Each of our samples by name and label values, as a scraper reads it."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.name.startswith("suhu_gateway_") and sample.name != "suhu_gateway_build_info"
    }


def test_a_scraper_reads_every_value_back() -> None:
    assert samples(rendered(HEALTHY, SIZE, NOW_S)) == {
        ("suhu_gateway_uptime_seconds",): 12.5,
        ("suhu_gateway_source_up", "mqtt b:1883"): 1,
        ("suhu_gateway_readings_total", "mqtt"): 44,
        ("suhu_gateway_retained_readings_total",): 5,
        ("suhu_gateway_superseded_readings_total",): 6,
        ("suhu_gateway_dropped_readings_total", "journal_full"): 8,
        ("suhu_gateway_dropped_readings_total", "journal_failed"): 0,
        ("suhu_gateway_dropped_readings_total", "overload"): 0,
        ("suhu_gateway_dropped_readings_total", "drop_oldest"): 0,
        ("suhu_gateway_rejected_frames_total", "no_temperature"): 7,
        ("suhu_gateway_rejected_frames_sent_total",): 4,
        ("suhu_gateway_rejected_frames_unsent_total",): 3,
        ("suhu_gateway_spool_records",): 3,
        ("suhu_gateway_spool_failing",): 0,
        ("suhu_gateway_spool_oldest_age_seconds",): 7.5,
        ("suhu_gateway_spool_bytes",): 4096,
        ("suhu_gateway_spool_max_bytes",): 8192,
        ("suhu_gateway_spool_disk_free_bytes",): 1_000_000,
        ("suhu_gateway_delivered_total",): 40,
        ("suhu_gateway_delivery_failures_total", "no_broker"): 2,
        ("suhu_gateway_quarantined_total",): 1,
        ("suhu_gateway_last_delivery_timestamp_seconds",): 1_800_000_000.5,
        ("suhu_gateway_kafka_up",): 1,
        ("suhu_gateway_kafka_down_seconds",): 0,
        ("suhu_gateway_busy_seconds", "journal"): 0,
        ("suhu_gateway_busy_seconds", "kafka"): 0.125,
        ("suhu_gateway_stuck",): 0,
        ("suhu_gateway_clock_jumps_total",): 9,
        ("suhu_gateway_clock_unsynced",): 0,
        ("suhu_gateway_certificate_ends_timestamp_seconds", "/etc/suhu-gateway/client.pem"): 1_800_086_400,
        ("suhu_gateway_sensor_last_reading_age_seconds", "S1"): 0.25,
        ("suhu_gateway_sensor_celsius", "S1"): 70.5,
    }


def test_troubles_are_numbers() -> None:
    troubled = replace(
        HEALTHY,
        sources={"serial a": SourceState(is_up=False)},
        kafka_down_s=61.5,
        journal_trouble="journal_full",
        stuck=["the journal"],
        clock_unsynced=True,
        last_delivery_at_s=None,
    )
    found = samples(rendered(troubled, None, NOW_S))
    assert found[("suhu_gateway_source_up", "serial a")] == 0
    assert found[("suhu_gateway_kafka_up",)] == 0
    assert found[("suhu_gateway_kafka_down_seconds",)] == 61.5
    assert found[("suhu_gateway_spool_failing",)] == 1
    assert found[("suhu_gateway_stuck",)] == 1
    assert found[("suhu_gateway_clock_unsynced",)] == 1
    assert ("suhu_gateway_last_delivery_timestamp_seconds",) not in found


def test_a_journal_that_does_not_answer_leaves_only_its_own_metrics_out() -> None:
    missing = samples(rendered(HEALTHY, SIZE, NOW_S)).keys() - samples(rendered(HEALTHY, None, NOW_S)).keys()
    assert {name for name, *_ in missing} == {
        "suhu_gateway_spool_oldest_age_seconds",
        "suhu_gateway_spool_bytes",
        "suhu_gateway_spool_max_bytes",
        "suhu_gateway_spool_disk_free_bytes",
    }


def test_a_sensor_may_be_called_anything() -> None:
    name = 'a"b\\c\nd{}é'
    strange = replace(HEALTHY, sensors={name: HEALTHY.sensors["S1"]})
    assert samples(rendered(strange, None, NOW_S))[("suhu_gateway_sensor_celsius", name)] == 70.5


def test_nothing_waits_and_a_clock_that_was_set_back_are_age_0() -> None:
    for size, now_s in ((replace(SIZE, oldest_waiting_ms=None), NOW_S), (SIZE, 0.0)):
        assert samples(rendered(HEALTHY, size, now_s))[("suhu_gateway_spool_oldest_age_seconds",)] == 0


def test_the_documentation_lists_exactly_these_metrics() -> None:
    document = Path(__file__).parents[3] / "docs" / "operating.md"
    names = {name for name, *_ in samples(rendered(HEALTHY, SIZE, NOW_S))} | {"suhu_gateway_build_info"}
    assert set(DOCUMENTED.findall(document.read_text())) == names


def test_the_process_is_described_under_everybodys_names() -> None:
    families = {one.name: one for one in text_string_to_metric_families(rendered(HEALTHY, None, NOW_S).decode())}
    assert families["process_resident_memory_bytes"].samples[0].value > 10_000_000
    assert families["process_cpu_seconds"].samples[0].value > 0
    assert 3 <= families["process_open_fds"].samples[0].value <= families["process_max_fds"].samples[0].value

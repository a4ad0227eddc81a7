from prometheus_client.parser import text_string_to_metric_families

from dashboard.measures import Measures, rendered


def test_every_measure_is_told() -> None:
    now = Measures(True, 3, 2, 64, 1, {"sensor-suhu": 100}, {"malformed": 7})
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(rendered(now).decode())
        for sample in family.samples
        if sample.name.startswith("suhu_dashboard_")
    }
    assert found == {
        "suhu_dashboard_build_info": 1.0,
        "suhu_dashboard_kafka_up": 1.0,
        "suhu_dashboard_sensors": 3.0,
        "suhu_dashboard_clients": 2.0,
        "suhu_dashboard_max_clients": 64.0,
        "suhu_dashboard_refused_clients_total": 1.0,
        "suhu_dashboard_records_total": 100.0,
        "suhu_dashboard_skipped_records_total": 7.0,
    }

import time

import pytest
from kafka.cluster import ClusterMetadata
from suhu_jobs.kafka_clock import time_by_monotonic_clock


def test_the_client_does_not_notice_a_clock_that_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    time_by_monotonic_clock()
    time_by_monotonic_clock()
    cluster = ClusterMetadata(retry_backoff_ms=100, metadata_max_age_ms=300_000)
    cluster.failed_update(None)  # from now on it is 100 ms until it may ask again
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() - 3600)
    assert cluster.ttl() <= 100

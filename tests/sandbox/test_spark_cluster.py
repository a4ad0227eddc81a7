from pathlib import Path

import pytest

from sandbox.spark_cluster import SparkCluster

pytestmark = pytest.mark.system


def test_the_master_counts_its_workers_and_a_killed_one_comes_back(tmp_path: Path) -> None:
    with SparkCluster(tmp_path, cores=3) as cluster:
        assert cluster.url.startswith("spark://127.0.0.1:")
        assert cluster.free_slots() == [3, 3]
        cluster.kill(1)
        cluster.wait_until_lost(1)
        assert cluster.free_slots() == [3, 0]
        cluster.start()
        assert cluster.free_slots() == [3, 3]

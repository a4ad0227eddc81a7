from pathlib import Path

from suhu_jobs.places import checkout, fetched, kept

PROJECT = Path("/srv/suhu")


def test_a_checkout_has_the_entries_beside_the_package_and_a_wheel_has_not(tmp_path: Path) -> None:
    assert checkout(tmp_path) is None
    (tmp_path / "alerts.py").touch()
    assert checkout(tmp_path) == tmp_path.parent


def test_a_checkout_keeps_everything_in_its_own_folders() -> None:
    environment = {"STATE_DIRECTORY": "/var/lib/x", "CACHE_DIRECTORY": "/var/cache/x"}
    assert kept("spark-alerts", PROJECT, environment) == Path("/srv/suhu/var/spark-alerts")
    assert fetched(PROJECT, environment) == Path("/srv/suhu/.fetched")


def test_a_service_has_the_folders_that_systemd_made_for_it() -> None:
    environment = {"STATE_DIRECTORY": "/var/lib/suhu-alerts:/var/lib/more", "CACHE_DIRECTORY": "/var/cache/suhu"}
    assert kept("spark-alerts", None, environment) == Path("/var/lib/suhu-alerts/spark-alerts")
    assert fetched(None, environment) == Path("/var/cache/suhu")


def test_a_user_has_them_where_the_desktop_standards_say() -> None:
    environment = {"XDG_STATE_HOME": "/data/state", "XDG_CACHE_HOME": "/data/cache"}
    assert kept("history", None, environment) == Path("/data/state/suhu-gateway/history")
    assert fetched(None, environment) == Path("/data/cache/suhu-gateway")
    assert kept("history", None, {}) == Path.home() / ".local/state/suhu-gateway/history"
    assert fetched(None, {}) == Path.home() / ".cache/suhu-gateway"

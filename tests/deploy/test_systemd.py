"""The unit under a real systemd: started, killed, hung, stopped, reloaded, and kept from what is not its own."""

import pytest

from sandbox.errors import SandboxError
from tests.deploy.conftest import UNIT as UNIT_FILE
from tests.deploy.service import CONFIG, SIMULATOR, STATE, UNIT, Service

pytestmark = pytest.mark.system


def sequences(service: Service) -> list[int]:
    """The sequences in the journal, which must be whole and start at 1: Kafka has never been there."""
    assert service.spool("verify")["ok"]
    found = [int(one["event_id"].rsplit("/", 1)[1]) for one in service.readings()]
    assert found == list(range(1, len(found) + 1))
    return found


def test_the_unit_has_no_mistake_and_its_exposure_is_low(service: Service) -> None:
    assert service.guest.run("systemd-analyze", "verify", UNIT) == ""
    service.guest.run("systemd-analyze", "security", "--offline=yes", "--threshold=15", str(UNIT_FILE))


def test_it_starts_and_says_how_it_stands(service: Service) -> None:
    service.start()
    assert service.show("ActiveState") == "active"
    assert "readings wait for Kafka" in service.await_status("1 of 1 sources up")
    service.await_status("Kafka is down for")


def test_a_kill_restarts_it_and_loses_nothing(service: Service) -> None:
    service.start()
    service.await_readings(50)
    pid, before = service.show("MainPID"), service.readings()
    service.signal("KILL")
    service.await_state(ActiveState="active", NRestarts="1")
    assert service.show("MainPID") != pid
    service.await_readings(len(before) + 50)
    service.stop()
    sequences(service)
    assert service.readings()[: len(before)] == before


def test_a_hang_is_noticed_by_the_watchdog_and_loses_nothing(service: Service) -> None:
    service.start()
    service.await_readings(50)
    before = service.readings()
    service.signal("STOP")
    service.await_line("Watchdog timeout")
    service.await_state(ActiveState="active", NRestarts="1")
    service.await_readings(len(before) + 50)
    service.stop()
    sequences(service)
    assert service.readings()[: len(before)] == before


def test_a_stop_with_kafka_down_and_a_full_journal_ends_in_time_and_keeps_it(service: Service) -> None:
    many = ", ".join(f'"S{number}"' for number in range(200))
    journal = '[journal]\npath = "/var/lib/suhu-gateway/journal.db"\nmax_bytes = 1_048_576\n'  # as in docs/gateway.toml
    service.start(f"{journal}[simulator]\nsensors = [{many}]\ninterval_s = 0.01\n")
    service.await_line("event=journal_full")
    service.stop()
    assert (service.show("Result"), service.show("ExecMainStatus")) == ("success", "0")
    kept = sequences(service)
    assert len(kept) > 1_000
    assert service.await_line("event=stopped").endswith(f"waiting={len(kept)}")


def test_a_reload_of_a_broken_file_changes_nothing_and_says_why(service: Service) -> None:
    service.start()
    service.await_readings(10)
    pid = service.show("MainPID")
    service.configure("[simulator]\nsensor = 1\n")
    service.guest.run("systemctl", "reload", UNIT)
    line = service.await_line("event=reload_refused")
    assert f"{CONFIG}: simulator.sensor: there is no such key" in line
    service.await_status(f"the old configuration stays in force: {CONFIG}: simulator.sensor")
    count = service.spool("status")["waiting"]
    service.await_readings(count + 20)
    assert (service.show("MainPID"), service.show("ActiveState")) == (pid, "active")
    service.stop()
    assert {one["sensor_id"] for one in service.readings()} == {"S1", "S2"}


def test_a_reload_of_a_good_file_applies_it_in_the_same_process_and_loses_nothing(service: Service) -> None:
    service.start()
    service.await_readings(10)
    pid = service.show("MainPID")
    service.configure(SIMULATOR.replace("S2", "S9"))
    service.guest.run("systemctl", "reload", UNIT)
    line = service.await_line("event=reloaded")
    assert "simulator.sensors: ['S1', 'S2'] -> ['S1', 'S9']" in line
    count = service.spool("status")["waiting"]
    service.await_readings(count + 20)
    service.await_state(MainPID=pid, ActiveState="active", NRestarts="0")
    service.stop()
    sequences(service)
    assert {one["sensor_id"] for one in service.readings()} == {"S1", "S2", "S9"}


def test_a_broken_configuration_at_the_start_stays_down(service: Service) -> None:
    service.configure("[simulator]\nsensor = 1\n")
    with pytest.raises(SandboxError, match="failed"):
        service.guest.run("systemctl", "start", UNIT)
    service.await_state(ActiveState="failed", ExecMainStatus="78", NRestarts="0")


def test_another_failure_is_tried_again(service: Service) -> None:
    service.configure('[journal]\npath = "/proc/journal.db"\n')
    service.guest.run("systemctl", "start", "--no-block", UNIT)
    service.await_line("status=74")
    service.await_line("restart counter is at 2")


FOREIGN = '[[serial]]\nport = "/dev/foreign"\n' + SIMULATOR


@pytest.fixture
def foreign_device(service: Service) -> None:
    """A device that is no serial port, open to everyone as far as its mode goes."""
    service.guest.run("sh", "-c", "[ -e /dev/foreign ] || mknod -m 666 /dev/foreign c 10 229")


@pytest.mark.usefixtures("foreign_device")
def test_a_device_that_is_no_serial_port_is_refused(service: Service) -> None:
    service.start(FOREIGN)
    assert "no permission to open /dev/foreign" in service.await_line("event=source_lost")


@pytest.mark.usefixtures("foreign_device")
def test_it_is_the_units_device_list_that_refuses_it(service: Service) -> None:
    service.override("DevicePolicy=auto\nDeviceAllow=")
    service.start(FOREIGN)
    assert "no permission" not in service.await_line("event=source_lost")


def test_its_journal_and_its_secrets_are_readable_by_nobody_else(service: Service) -> None:
    service.start()
    environment = service.guest.run("sh", "-c", f"tr '\\0' '\\n' </proc/{service.show('MainPID')}/environ")
    assert f"CREDENTIALS_DIRECTORY=/run/credentials/{UNIT}" in environment
    credential = f"/run/credentials/{UNIT}/kafka-password"
    assert service.guest.run("cat", credential) == "canary-7f3a"
    for path in (credential, f"{STATE}/journal.db"):
        with pytest.raises(SandboxError, match="Permission denied"):
            service.guest.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat", path)
    assert "canary" not in "\n".join(service.log())


def test_a_look_by_root_into_a_stopped_journal_does_not_lock_the_service_out(service: Service) -> None:
    service.start()
    service.stop()
    assert service.spool("verify")["ok"]
    service.start()
    service.await_status("1 of 1 sources up")
    assert service.show("NRestarts") == "0"


def test_the_log_has_its_fields_in_journald_and_no_line_twice(service: Service) -> None:
    service.start()
    service.await_line("event=kafka_down")
    found = service.entries("kafka_down")
    assert [one["PRIORITY"] for one in found] == ["4"]
    assert found[0]["SYSLOG_IDENTIFIER"] == "suhu-gateway"
    assert "no broker answers at 127.0.0.1:1" in found[0]["SUHU_ERROR"]
    assert found[0]["MESSAGE"].startswith("event=kafka_down error=")
    assert found[0]["_SYSTEMD_UNIT"] == UNIT


def test_the_health_port_works_in_the_unit(service: Service) -> None:
    service.start(SIMULATOR + "[health]\n")
    service.await_line("event=kafka_down")
    assert "suhu_gateway_kafka_up 0.0" in service.ask("/metrics")
    assert "process_resident_memory_bytes" in service.ask("/metrics")
    assert '"reason": "kafka_down"' in service.ask("/readyz")

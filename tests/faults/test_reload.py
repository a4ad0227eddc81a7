"""The configuration is changed, well and badly, while readings flow (SIGHUP)."""

import os
import signal
import time
from pathlib import Path

import pytest

from sandbox.kafka import Kafka
from sandbox.waiting import wait_until
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.rig import PATIENCE_S, Rig

pytestmark = pytest.mark.system

REFUSED, RELOADED = "event=reload_refused", "event=reloaded"


def reload(rig: Rig, event: str) -> dict[str, str]:
    """Have the file read again, and wait for what comes of it: the fields of one more line of this event."""
    before = rig.gateway.log_since_start().count(event)
    os.kill(rig.gateway.pid, signal.SIGHUP)
    wait_until(lambda: rig.gateway.log_since_start().count(event) > before, PATIENCE_S, f"one more {event}")
    return rig.said(event.removeprefix("event="))


def change(rig: Rig, old: str, new: str) -> None:
    text = rig.config.read_text()
    assert old in text
    rig.config.write_text(text.replace(old, new))


def test_reloads_lose_nothing_and_repeat_nothing(make_rig: MakeRig, outcome: MakeOutcome, full: bool) -> None:
    runs = 50 if full else 4
    rig = make_rig(options={"journal": "max_bytes = 20_000_000"})
    pid = rig.gateway.pid
    recovery_s = []
    for run in range(runs):
        rig.let_flow(50)
        before, began_s = rig.load.last, time.monotonic()
        change(rig, f"max_bytes = {run + 20}_000_000", f"max_bytes = {run + 21}_000_000")  # the journal is opened anew
        reload(rig, RELOADED)
        recovery_s.append(rig.await_reading(before, began_s))
    assert rig.gateway.pid == pid
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    outcome(45, "configuration reloaded (SIGHUP) while readings flow").add(verdict, runs=runs, recovery_s=recovery_s)


def test_the_old_configuration_stays_when_the_new_one_cannot_be_used(
    make_rig: MakeRig, outcome: MakeOutcome, tmp_path: Path
) -> None:
    rig = make_rig()
    (tmp_path / "file").write_text("")
    good = rig.config.read_text()
    for bad in (
        good.replace("interval_s = 0", "interval_s = "),
        good.replace("interval_s = 0", 'interval_s = 0\nkeep = "coldest"'),
        good.replace(str(rig.journal), str(tmp_path / "file" / "journal.db")),
    ):
        rig.config.write_text(bad)
        before = rig.load.last
        reload(rig, REFUSED)
        rig.await_reading(before)
    rig.config.unlink()
    reload(rig, REFUSED)
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    assert "Traceback" not in rig.gateway.log_since_start()
    note = "broken TOML, wrong value, unusable journal, no file: refused, and said"
    outcome(45, "reload of a configuration that cannot work", note).add(verdict, runs=4)


def test_the_journal_moves_only_when_nothing_waits_in_it(
    make_rig: MakeRig, kafka_to_harm: Kafka, outcome: MakeOutcome, tmp_path: Path
) -> None:
    rig = make_rig(kafka=kafka_to_harm)
    rig.await_reading()
    kafka_to_harm.kill()
    rig.gateway.wait_for_line("event=kafka_down", PATIENCE_S)
    rig.let_flow(100)
    other = tmp_path / "other" / "journal.db"
    change(rig, str(rig.journal), str(other))
    reload(rig, REFUSED)
    rig.gateway.wait_for_line("event=resumed", PATIENCE_S)
    rig.let_flow(50)
    kafka_to_harm.start()
    rig.await_reading()
    rig.await_everything()
    reload(rig, RELOADED)
    rig.load.burst(50)
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert other.exists()
    outcome(45, "reload with another journal while Kafka is down", "refused until nothing waits").add(verdict)


def test_a_reload_that_forgets_what_is_not_committed_is_found_out(make_rig: MakeRig) -> None:
    rig = make_rig(sabotage="slow_commits,ack_before_commit,forget_at_the_end")
    rig.let_flow(100)
    for _ in range(3):
        reload(rig, RELOADED)
        rig.let_flow(50)
    rig.await_everything()
    assert rig.verdict().broken(repeats_allowed=True).keys() == {"I1 lost"}

"""The wall clock jumps, and is wrong from the start."""

from pathlib import Path

import pytest

from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.cow import need_program
from tests.faults.proxy import Proxy
from tests.faults.rig import PATIENCE_S

pytestmark = pytest.mark.system

RATE = 100  # readings per second: every question for the time costs a program under libfaketime many times as much


def faked(offset: Path) -> list[str]:
    """The command that runs a program with a wall clock that is ahead by what the file says; monotonic time is true."""
    need_program("faketime", "faketime")
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    settings = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_CACHE_DURATION": "1",  # the file is read once a second; at each question it halves what we carry
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return ["env", *(f"{name}={value}" for name, value in settings.items())]


@pytest.mark.parametrize("jump", ["+15y", "-56y", "-1h"])
def test_a_clock_that_jumps_changes_no_order_and_loses_nothing(
    tmp_path: Path, make_rig: MakeRig, outcome: MakeOutcome, jump: str
) -> None:
    offset = tmp_path / "offset"
    offset.write_text("+0\n")
    rig = make_rig(rate=RATE, sabotage="plain_sleep", wrapper=faked(offset))
    rig.await_reading()
    offset.write_text(f"{jump}\n")
    rig.let_flow(2 * RATE)
    rig.await_reading()
    offset.write_text("+0\n")
    rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    # The Kafka client times its requests by the wall clock: a jump ahead ends the one under way as if it were late.
    assert verdict.broken(repeats_allowed=True) == {}
    assert verdict.redelivered == []
    assert rig.waiting() == []
    assert rig.told("clock_jumped")
    outcome(18, f"wall clock jumps by {jump} and back").add(verdict)


def test_a_clock_that_goes_back_while_kafka_is_away_holds_nothing_up(
    tmp_path: Path, make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome
) -> None:
    offset = tmp_path / "offset"
    offset.write_text("+0\n")
    rig = make_rig(rate=RATE, sabotage="plain_sleep", wrapper=faked(offset), kafka_port=kafka_proxy.port)
    rig.await_reading()
    kafka_proxy.refuse()
    rig.gateway.wait_for_line("event=kafka_down", PATIENCE_S)
    offset.write_text("-1h\n")
    rig.let_flow(2 * RATE)
    kafka_proxy.reset()
    recovery_s = rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(18, "wall clock goes back by 1 h while Kafka is away").add(verdict, recovery_s=[recovery_s])


def test_a_start_in_1970_loses_nothing(tmp_path: Path, make_rig: MakeRig, outcome: MakeOutcome) -> None:
    offset = tmp_path / "offset"
    offset.write_text("@1970-01-01 00:00:10\n")
    rig = make_rig(rate=RATE, sabotage="plain_sleep", wrapper=faked(offset))
    rig.let_flow(2 * RATE)
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    assert rig.told("clock_unsynced")
    outcome(19, "started with a clock of 1970").add(verdict)

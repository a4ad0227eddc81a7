"""The journal's files are damaged while the gateway is stopped."""

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.invariants import check
from tests.faults.proxy import Proxy
from tests.faults.rig import PATIENCE_S, Rig

pytestmark = pytest.mark.system

WAITING = 2_000
PAGE_BYTES = 4096


def gather(rig: Rig, proxy: Proxy) -> None:
    """Have some delivered, and many in the journal, waiting for Kafka."""
    rig.load.burst(300)
    rig.await_reading(since=[("", 0.0)])
    proxy.refuse()
    rig.load.burst(WAITING)
    rig.load.stop()
    rig.await_waiting(WAITING)


def go_on(rig: Rig, proxy: Proxy) -> None:
    """Start with Kafka there again, and take some more readings."""
    proxy.reset()
    rig.start()
    rig.load.burst(300)
    rig.await_everything()


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def flip(path: Path, offset: int) -> None:
    with path.open("rb") as file:
        file.seek(offset)
        overwrite(path, offset, bytes([file.read(1)[0] ^ 0x55]))


def test_a_flipped_byte_costs_its_record_and_nothing_else(
    make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome
) -> None:
    rig = make_rig(kafka_port=kafka_proxy.port, load=False)
    gather(rig, kafka_proxy)
    rig.gateway.stop()
    database = sqlite3.connect(rig.journal)
    sequence, value = database.execute(
        "SELECT sequence, value FROM queue ORDER BY sequence LIMIT 1 OFFSET 900"
    ).fetchone()
    database.close()
    flip(rig.journal, rig.journal.read_bytes().index(value) + 40)
    go_on(rig, kafka_proxy)
    assert f"sequences=[{sequence}]" in rig.gateway.wait_for_line("event=records_damaged", PATIENCE_S).replace('"', "")
    rig.gateway.stop()
    broken = check(rig.load.accepted(), rig.topic()).broken(repeats_allowed=False)
    assert {name: len(wrong) for name, wrong in broken.items()} == {"I1 lost": 1, "I2 holes": 1}
    argv = [sys.executable, "-m", "gateway", "spool", "quarantine", "--journal", str(rig.journal)]
    shown = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert f'"sequence": {sequence}, ' in shown
    assert "damaged: its checksum differs" in shown
    verdict = check(rig.load.accepted(), rig.topic())
    outcome(13, "a byte of a waiting record flipped", "found by its checksum, quarantined, said").add(verdict)


def zero_a_page(journal: Path) -> None:
    overwrite(journal, journal.stat().st_size // 2 // PAGE_BYTES * PAGE_BYTES, bytes(PAGE_BYTES))


def randomise_a_page(journal: Path) -> None:
    overwrite(journal, journal.stat().st_size // 2 // PAGE_BYTES * PAGE_BYTES, random.Random(7).randbytes(PAGE_BYTES))


def lose_the_header(journal: Path) -> None:
    overwrite(journal, 0, bytes(100))


def cut_off_half(journal: Path) -> None:
    os.truncate(journal, journal.stat().st_size // 2)


def empty(journal: Path) -> None:
    os.truncate(journal, 0)


def fill_with_noise(journal: Path) -> None:
    journal.write_bytes(random.Random(7).randbytes(journal.stat().st_size))


@pytest.mark.parametrize(
    "damage",
    [
        zero_a_page,
        randomise_a_page,
        lose_the_header,
        cut_off_half,
        empty,
        fill_with_noise,
    ],
)
def test_a_damaged_journal_is_said_put_aside_and_started_anew(
    make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome, damage: Callable[[Path], None]
) -> None:
    rig = make_rig(kafka_port=kafka_proxy.port, load=False)
    gather(rig, kafka_proxy)
    rig.gateway.stop()
    damage(rig.journal)
    go_on(rig, kafka_proxy)
    assert "level=error event=journal_" in rig.gateway.log_since_start()  # damaged, or lost commits
    verdict = rig.verdict()
    assert (verdict.conflicting, verdict.garbage, verdict.disordered, verdict.redelivered) == ([], [], [], [])
    assert len(verdict.lost) <= WAITING
    note = "what the disk destroyed is lost, said, and what reads is saved"
    outcome(14, f"journal file damaged: {damage.__name__.replace('_', ' ')}", note).add(verdict)


def test_a_damaged_wal_is_said_and_no_sequence_is_given_twice(
    make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome
) -> None:
    rig = make_rig(kafka_port=kafka_proxy.port, load=False)
    gather(rig, kafka_proxy)
    rig.gateway.kill()
    wal = rig.journal.with_name(rig.journal.name + "-wal")
    flip(wal, wal.stat().st_size // 3)
    go_on(rig, kafka_proxy)
    told = "level=error event=journal_" in rig.gateway.log_since_start()
    verdict = rig.verdict()
    assert (verdict.conflicting, verdict.garbage, verdict.disordered) == ([], [], [])
    assert len(verdict.lost) <= WAITING
    assert told or not verdict.lost
    outcome(15, "a byte of the write-ahead log flipped", "said; no event_id is given twice").add(verdict)

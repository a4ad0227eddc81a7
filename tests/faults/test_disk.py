"""The journal's disk fails, is full, slow, or read-only."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.waiting import wait_until
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.cow import need_program, need_root
from tests.faults.proxy import Proxy
from tests.faults.rig import PATIENCE_S
from tests.faults.throttle import Throttle

pytestmark = pytest.mark.system

WRITES_PER_S = 20  # a tired SD card's


def inject(calls: str, fault: str) -> list[str]:
    """The command that runs a program with some of its system calls failing (strace(1), "Tampering")."""
    strace = need_program("strace", "strace")
    # -D: the program keeps its parent; --seccomp-bpf: other calls cost nothing.
    quiet = [
        strace,
        "-D",
        "-f",
        "-qqq",
        "--seccomp-bpf",
        "-o",
        "/dev/null",
        "-e",
        f"trace={calls}",
        "-e",
        "signal=none",
    ]
    return [*quiet, "-e", f"inject={calls}:{fault}"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    need_root()
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(path: Path) -> None:
    """Write until the disk takes no byte more."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(100))


@pytest.mark.parametrize(
    ("row", "fault", "calls", "failure"),
    [
        (7, "fsync fails (EIO) five times in a row", "fsync,fdatasync", "error=EIO:when=30..34"),
        (7, "every 20th fsync fails (EIO)", "fsync,fdatasync", "error=EIO:when=20+20"),
        (9, "writing fails (ENOSPC) eight times in a row", "pwrite64", "error=ENOSPC:when=200..207"),
        (9, "writing fails (EIO) eight times in a row", "pwrite64", "error=EIO:when=200..207"),
    ],
)
def test_a_failing_disk_is_said_and_loses_nothing(
    make_rig: MakeRig, outcome: MakeOutcome, row: int, fault: str, calls: str, failure: str
) -> None:
    rig = make_rig(wrapper=inject(calls, failure))
    rig.gateway.wait_for_line("event=journal_f", PATIENCE_S)
    rig.gateway.wait_for_line("event=journal_works_again", PATIENCE_S)
    recovery_s = rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    outcome(row, fault).add(verdict, recovery_s=[recovery_s])


@pytest.fixture
def slow_disk(tmp_path: Path) -> Iterator[Throttle]:
    need_root()
    need_program("mkfs.ext4", "e2fsprogs")
    with Throttle(tmp_path) as throttle:
        yield throttle


def test_a_slow_disk_delays_and_loses_nothing(slow_disk: Throttle, make_rig: MakeRig, outcome: MakeOutcome) -> None:
    rig = make_rig(journal=slow_disk.folder / "journal.db", wrapper=slow_disk.wrapper)
    rig.await_reading()
    slow_disk.limit(WRITES_PER_S)
    rig.let_flow(1_500)
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    assert "event=journal_" not in rig.gateway.log_since_start()
    outcome(11, f"a disk of {WRITES_PER_S} writes a second").add(verdict)


def test_a_slow_fsync_delays_and_loses_nothing(make_rig: MakeRig, outcome: MakeOutcome) -> None:
    rig = make_rig(wrapper=inject("fsync,fdatasync", "delay_enter=50000"))
    rig.let_flow(600)
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    outcome(12, "each fsync takes 50 ms").add(verdict)


def test_a_full_disk_is_said_and_drains_by_itself(
    small_disk: Path, make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome
) -> None:
    rig = make_rig(kafka_port=kafka_proxy.port, journal=small_disk / "journal.db")
    rig.await_reading()
    kafka_proxy.refuse()
    rig.load.burst(30_000)
    rig.gateway.wait_for_line("event=journal_full", PATIENCE_S)
    assert rig.status()["waiting"] > 1_000
    kafka_proxy.reset()
    recovery_s = rig.await_everything()
    assert rig.told("journal_works_again")
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert verdict.redelivered == []
    outcome(8, "disk full (8 MB) while Kafka is down").add(verdict, recovery_s=[recovery_s])


def test_a_kill_with_a_full_disk_loses_nothing(
    small_disk: Path, make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome
) -> None:
    rig = make_rig(kafka_port=kafka_proxy.port, journal=small_disk / "journal.db")
    rig.await_reading()
    kafka_proxy.refuse()
    rig.load.burst(30_000)
    rig.gateway.wait_for_line("event=journal_full", PATIENCE_S)
    rig.gateway.kill()
    kafka_proxy.reset()
    rig.start()
    recovery_s = rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(8, "disk full (8 MB), and then killed").add(verdict, recovery_s=[recovery_s])


@pytest.mark.parametrize("killed", [False, True])
def test_a_disk_that_others_fill_to_the_last_byte_still_lets_everything_out(
    small_disk: Path, make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome, killed: bool
) -> None:
    rig = make_rig(kafka_port=kafka_proxy.port, journal=small_disk / "journal.db")
    rig.await_reading()
    kafka_proxy.refuse()
    rig.load.burst(3_000)
    rig.await_waiting(3_000)
    fill(small_disk / "of-others")
    if killed:
        rig.gateway.kill()
    kafka_proxy.reset()
    if killed:
        rig.start()
    recovery_s = rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}  # of a batch whose answer the refusing proxy cut off
    assert killed or verdict.redelivered == []
    fault = "disk filled by others to the last byte" + (", and then killed" if killed else "")
    outcome(8, fault).add(verdict, recovery_s=[recovery_s])


@pytest.mark.parametrize("when_full", ["block", "drop_oldest"])
def test_a_full_journal_does_what_is_configured(
    make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome, when_full: str
) -> None:
    options = {"journal": f'max_bytes = {1 << 20}\nwhen_full = "{when_full}"'}
    rig = make_rig(kafka_port=kafka_proxy.port, options=options)
    rig.await_reading()
    kafka_proxy.refuse()
    rig.load.burst(20_000)  # more than the journal holds, and the memory besides
    rig.gateway.wait_for_line("event=journal_full", PATIENCE_S)
    if when_full == "drop_oldest":
        wait_until(lambda: rig.status().get("dropped_total"), PATIENCE_S, "readings that are lost")
    kafka_proxy.reset()
    recovery_s = rig.await_everything()
    verdict = rig.verdict()
    dropped = int(rig.said("stopped")["dropped"])
    assert len(verdict.holes) == len(verdict.lost) == dropped
    assert (dropped > 0) == (when_full == "drop_oldest")
    assert (verdict.disordered, verdict.conflicting, verdict.garbage, verdict.redelivered) == ([], [], [], [])
    note = "lost as configured, and counted" if dropped else ""
    outcome(8, f'journal full (1 MB), when_full = "{when_full}"', note).add(verdict, recovery_s=[recovery_s])


def test_a_read_only_disk_is_refused_with_words(small_disk: Path, make_rig: MakeRig, outcome: MakeOutcome) -> None:
    rig = make_rig(journal=small_disk / "journal.db", load=False)
    rig.load.burst(300)
    rig.await_everything()
    rig.gateway.stop()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    refused = subprocess.run(rig.gateway.argv, capture_output=True, text=True, timeout=30, check=False)
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    assert refused.returncode == 74, refused.stderr
    assert "Read-only file system" in refused.stderr
    assert "mounted read-only" in refused.stderr
    assert "Traceback" not in refused.stderr
    rig.start()
    rig.load.burst(300)
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    outcome(10, "journal's disk read-only at the start", "refused, exit code 74, says so").add(verdict)

"""The journal's folder or file goes away while the gateway runs, or is another user's."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.cow import need_program, need_root
from tests.faults.proxy import Proxy
from tests.faults.rig import PATIENCE_S

pytestmark = pytest.mark.system

NOBODY = 65534


def delete_the_folder(journal: Path) -> None:
    shutil.rmtree(journal.parent)


def delete_the_file(journal: Path) -> None:
    journal.unlink()


@pytest.mark.parametrize("harm", [delete_the_folder, delete_the_file])
def test_a_journal_that_is_deleted_under_the_gateway_is_said_and_written_anew(
    tmp_path: Path, make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome, harm: Callable[[Path], None]
) -> None:
    rig = make_rig(kafka_port=kafka_proxy.port, journal=tmp_path / "state" / "journal.db")
    rig.await_reading()
    kafka_proxy.refuse()
    rig.load.burst(6_000)  # more than the gateway holds in memory
    rig.await_waiting(6_000)
    harm(rig.journal)
    rig.gateway.wait_for_line("event=journal_failed", PATIENCE_S)
    rig.gateway.wait_for_line("event=journal_gone", PATIENCE_S)
    rig.gateway.wait_for_line("event=journal_works_again", PATIENCE_S)
    rig.let_flow(100)
    rig.gateway.kill()
    kafka_proxy.reset()
    rig.start()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(16, f"journal gone while it is in use: {harm.__name__.replace('_', ' ')}", "said").add(verdict)


def test_a_journal_that_becomes_another_users_is_said_and_waited_for(
    tmp_path: Path, make_rig: MakeRig, outcome: MakeOutcome
) -> None:
    need_root()
    # root that may not do everything is a user like any other
    wrapper = [need_program("setpriv", "util-linux"), "--bounding-set=-dac_override,-dac_read_search"]
    rig = make_rig(journal=tmp_path / "state" / "journal.db", wrapper=wrapper)
    rig.await_reading()
    folder = rig.journal.parent
    folder.chmod(0o700)
    os.chown(folder, NOBODY, NOBODY)
    line = rig.gateway.wait_for_line("event=journal_failed", PATIENCE_S)
    assert "Permission denied" in line
    assert "that this user may write there" in line
    rig.let_flow(300)
    os.chown(folder, 0, 0)
    rig.gateway.wait_for_line("event=journal_works_again", PATIENCE_S)
    recovery_s = rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    os.chown(folder, NOBODY, NOBODY)
    refused = subprocess.run(rig.gateway.argv, capture_output=True, text=True, timeout=30, check=False)
    os.chown(folder, 0, 0)
    assert refused.returncode == 77, refused.stderr
    assert "Traceback" not in refused.stderr
    outcome(16, "journal's folder becomes another user's", "said; a start is refused, exit code 77").add(
        verdict, recovery_s=[recovery_s]
    )


def test_a_reader_of_the_open_journal_is_refused(make_rig: MakeRig, outcome: MakeOutcome) -> None:
    """Nobody can hold a read transaction open, which would let the write-ahead log grow without end."""
    rig = make_rig()
    rig.await_reading()
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('SELECT count(*) FROM queue')"
    python = rig.gateway.argv[0]
    reader = subprocess.run(
        [python, "-c", script, str(rig.journal)], capture_output=True, text=True, timeout=30, check=False
    )
    assert "database is locked" in reader.stderr
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    outcome(17, "another process reads the journal's file", "refused by SQLite's lock").add(verdict)

"""The gateway is younger or older than the journal that it finds."""

import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from gateway.journal.database import SCHEMA_VERSION
from sandbox.waiting import wait_until
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.invariants import check
from tests.faults.rig import PATIENCE_S

pytestmark = pytest.mark.system

RELEASED = Path(__file__).parents[1] / "gateway" / "journal" / "released"
NEWER = 1_000


@pytest.mark.parametrize("schema", range(1, SCHEMA_VERSION + 1))
def test_what_an_older_gateway_left_behind_is_delivered(
    tmp_path: Path, make_rig: MakeRig, outcome: MakeOutcome, schema: int
) -> None:
    journal = tmp_path / "old.db"
    shutil.copy(RELEASED / f"schema-{schema}.db", journal)
    rig = make_rig(journal=journal, load=False)
    wait_until(lambda: len(rig.topic()) >= 4, PATIENCE_S, "what waited, and what was held, in the topic")
    rig.gateway.stop()
    found = sorted((json.loads(one.value or b"") for one in rig.topic()), key=lambda one: one["event_id"][-1])
    assert [(one["sensor_id"], one["suhu"], one["event_id"].rpartition("/")[2]) for one in found] == [
        ("S1", 72.0, "3"),
        ("S2", 73.0, "4"),
        ("S1", 74.0, "5"),
        ("S3", 90.5, "6"),
    ]
    assert rig.waiting() == [b'{"sensor_id": "S2"}']  # still in quarantine
    outcome(44, f"a journal of schema {schema}, as an older gateway left it").add(check([], rig.topic(), []))


def test_a_newer_gateways_journal_is_refused_and_left_as_it_is(
    tmp_path: Path, make_rig: MakeRig, outcome: MakeOutcome
) -> None:
    rig = make_rig(load=False)
    rig.load.burst(100)
    rig.await_everything()
    rig.gateway.stop()
    database = sqlite3.connect(rig.journal)
    database.execute(f"PRAGMA user_version = {NEWER}")
    database.close()
    before = rig.journal.read_bytes()
    refused = subprocess.run(rig.gateway.argv, capture_output=True, text=True, timeout=30, check=False)
    assert refused.returncode == 74, refused.stderr
    assert f"has schema {NEWER}" in refused.stderr
    assert "start the newer gateway that wrote it" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert rig.journal.read_bytes() == before
    outcome(44, "a journal of a newer gateway", "refused, exit code 74, not touched").add(
        check(rig.load.accepted(), rig.topic())
    )

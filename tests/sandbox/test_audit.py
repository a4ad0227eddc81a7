"""What pip-audit says is read, and never taken for more than it is."""

import json

from sandbox.audit import Audit

CLEAN = {"name": "click", "version": "8.5.1", "vulns": []}
FLAW = {"id": "GHSA-1", "fix_versions": ["2.3.2"], "aliases": ["CVE-2026-1"], "description": "long"}
SKIPPED = {"name": "h11", "skip_reason": "Dependency not found on PyPI and could not be audited: h11 (0.16.0)"}


def audit(*dependencies: object) -> Audit:
    return Audit.of(json.dumps({"dependencies": dependencies, "fixes": []}))


def test_packages_without_a_flaw_are_counted() -> None:
    assert audit(CLEAN, CLEAN) == Audit(2, [], [])


def test_each_flaw_is_told_with_its_remedy() -> None:
    without_fix = {**FLAW, "id": "GHSA-2", "fix_versions": [], "aliases": []}
    found = audit(CLEAN, {"name": "kafka-python", "version": "2.2.0", "vulns": [FLAW, without_fix]})
    assert found.flaws == [
        "kafka-python 2.2.0: GHSA-1 (CVE-2026-1), fixed in 2.3.2",
        "kafka-python 2.2.0: GHSA-2, not fixed yet",
    ]


def test_a_package_that_was_skipped_is_not_audited() -> None:
    found = audit(CLEAN, SKIPPED)
    assert (found.packages, found.flaws) == (2, [])
    assert found.skipped == ["h11: Dependency not found on PyPI and could not be audited: h11 (0.16.0)"]

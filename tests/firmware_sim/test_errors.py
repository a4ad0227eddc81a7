from pathlib import Path

import pytest

from firmware_sim.errors import (
    AddressUnavailable,
    FlagError,
    LinkUnavailable,
    ScenarioError,
    SimulatorError,
    TruthUnwritable,
)


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (FlagError("x"), 64),
        (AddressUnavailable("127.0.0.1", 5000, "Address already in use"), 69),
        (LinkUnavailable(Path("/x"), "it is a file"), 73),
        (TruthUnwritable(Path("/x"), "No space left on device"), 74),
        (ScenarioError("x"), 78),
    ],
)
def test_exit_codes_are_those_of_sysexits(error: SimulatorError, exit_code: int) -> None:
    assert error.exit_code == exit_code


def test_words_name_cause_place_and_remedy() -> None:
    assert str(AddressUnavailable("127.0.0.1", 5000, "Address already in use")) == (
        "cannot listen on 127.0.0.1:5000: Address already in use; give another --port, or 0 for any free one"
    )

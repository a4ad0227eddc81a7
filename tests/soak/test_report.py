"""The soak's section says what the JSON says, and stays where it is when the faults' table is written anew."""

from pathlib import Path

from tests.faults.report import SOAK, with_soak
from tests.soak.flatness import Sample, Trend
from tests.soak.report import render
from tests.soak.result import Happened, Result


def result(**details: object) -> Result:
    found = Result(
        hours=2.0,
        seed=7,
        sensors=50,
        state="done",
        began_at="2026-11-22T03:00:00Z",
        ended_at="2026-11-22T05:00:00Z",
        ran_s=7_200.0,
        faults=[
            Happened(10.0, "gateway killed", 1.0, 2.5),
            Happened(60.0, "gateway killed", 1.0, 3.5),
            Happened(90.0, "Kafka killed", 20.0, 4.0, told=True),
        ],
        lives=3,
        records=360_123,
        accepted=300_000,
        duplicated=12,
        redelivered=4,
        verify='{"proven": true}',
        wires={"sent": 86_000, "lost_while_deaf_or_unplugged": 21, "lost": 0},
        ready={"200": 1_400, "503": 40},
        trends=[
            Trend("pss_mb", "life 3", 60, 40.0, 40.5, 0.4, 4.0, 3_480.0),
            Trend("pss_mb", "life 1", 60, 40.0, 40.1, 0.1, 4.0, 700.0),
        ],
        conditions={"cores": 2, "python": "3.11.7"},
    )
    for name, value in details.items():
        setattr(found, name, value)
    return found


def test_the_section_has_the_figures_of_the_run() -> None:
    text = render(result())
    assert text.startswith("## A soak of 2.0 hours: 3 faults, 50 sensors\n")
    assert "seed 7, 2 cores, Python 3.11.7; done, every promise held.\n" in text
    assert "- records: 360,123; readings the gateway was answerable for: 300,000; lost: 0\n" in text
    assert "again, so recognisable: 12; taken twice, because the sender never saw the answer" in text
    assert "had stood still): 4\n" in text
    assert "- lines on the wires: 86,000; nobody heard 21 of them" in text
    assert "- processes of the gateway: 3; `gateway verify`: nothing is missing\n" in text
    assert "| gateway killed | 2 | 3.0 | 3.5 |  |\n" in text
    assert "| Kafka killed | 1 | 4.0 | 4.0 | 1 of 1 |\n" in text
    assert "| own memory (PSS), MB | process 3 | 58 min | 40.0 | 40.5 | 0.4 | 4.0 | flat |\n" in text
    assert "process 1" not in text


def test_a_run_that_goes_on_promises_nothing() -> None:
    text = render(result(state="running", verify="", trends=[]))
    assert "too short to say" in text
    assert "; running, no promise broken so far.\n" in text
    assert "`gateway verify`: not asked yet\n" in text


def test_a_guilty_run_says_of_what() -> None:
    leak = Trend("descriptors", "life 1", 60, 40.0, 52.0, 12.0, 3.0, 700.0)
    text = render(result(broken={"I1 lost": ["('S1', 1.0)"]}, trends=[leak]))
    assert "found guilty: I1 lost, descriptors grows." in text
    assert "lost: 1\n" in text
    assert "| GROWS |" in text


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = result(samples=[Sample(1.0, 1, 0.5, {"pss_mb": 40.0})])
    written.write(tmp_path / "out" / "soak.json")
    assert Result.read(tmp_path / "out" / "soak.json") == written


def test_many_examples_of_one_wrong_are_cut_short() -> None:
    found = result()
    found.breaks("I1 lost", [str(number) for number in range(25)])
    found.breaks("I3 disordered", [])
    assert found.broken.keys() == {"I1 lost"}
    assert found.broken["I1 lost"][-2:] == ["19", "and 5 more"]
    assert found.guilty


def test_the_section_takes_the_place_of_the_former_one() -> None:
    assert with_soak(f"faults\n\n{SOAK}old\n", "new\n") == f"faults\n\n{SOAK}new\n"
    assert with_soak("faults\n", "new\n") == f"faults\n\n{SOAK}new\n"

import json
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dashboard.machines import Machine
from dashboard.plant.links import GatewayState, KafkaState
from dashboard.plant.plant import Plant
from dashboard.records.alert import Alert
from dashboard.records.incident import Incident
from dashboard.records.statistic import Statistic
from tests.dashboard.plant.examples import NOON_MS, at, reading

KEYS = {"kafka", "sensors", "gone", "alerts", "incidents", "stats", "gateways", "skipped"}


def plant(max_sensors: int = 100, **machines: Machine) -> Plant:
    return Plant(machines, max_sensors, stale_after_s=5.0)


def alert(number: int, event: str | None = None) -> Alert:
    return Alert(f"sensor-suhu/0/{number}", "S1", 81.0, NOON_MS, event)


def incident(number: int = 1, phase: str = "began", duration_s: float = 0.0) -> Incident:
    name = f"overheating/sensor-suhu/0/{number}"
    return Incident(name, "overheating", phase, "S1", NOON_MS, NOON_MS, duration_s, 91.0)


def statistic(window_s: int = 60, revision: int = 2, sensor_id: str = "S1") -> Statistic:
    return Statistic(f"{sensor_id}/{window_s}/x/0", sensor_id, NOON_MS, window_s, revision, 0, 20.0, 90.0, 55.0, 0.25)


def test_an_empty_plant_has_every_key() -> None:
    assert plant().snapshot(at(0)).keys() == KEYS
    assert plant().snapshot(at(0))["sensors"] == []


def test_a_delta_has_only_what_changed() -> None:
    known = plant()
    known.take_reading(reading(0, sensor_id="S1"), at(0), live=True)
    known.take_reading(reading(0, sensor_id="S2"), at(0), live=True)
    version = known.version
    assert known.since(version, at(0)) == {}
    known.take_reading(reading(1, 99.0, "S2"), at(1), live=True)
    delta = known.since(version, at(1))
    assert delta is not None
    assert delta.keys() == {"sensors"}
    assert [(tile["id"], tile["celsius"], tile["level"]) for tile in delta["sensors"]] == [("S2", 99.0, "critical")]


def test_silence_turns_a_tile_grey_and_a_reading_back() -> None:
    known = plant()
    known.take_reading(reading(0), at(0), live=True)
    known.age(at(5))
    version = known.version
    known.age(at(5.1))
    delta = known.since(version, at(5.1))
    assert delta is not None
    assert [tile["stale"] for tile in delta["sensors"]] == [True]
    known.take_reading(reading(6), at(6), live=True)
    assert [tile["stale"] for tile in known.snapshot(at(6))["sensors"]] == [False]


def test_setting_the_wall_clock_makes_nobody_silent() -> None:
    known = plant()
    known.take_reading(reading(0), at(0), live=True)
    moved = type(at(0))(NOON_MS + 3_600_000, 1001.0)
    known.age(moved)
    assert [tile["stale"] for tile in known.snapshot(moved)["sensors"]] == [False]


def test_a_resend_is_counted_and_changes_nothing() -> None:
    known = plant()
    known.take_reading(reading(1, 50.0), at(1), live=True)
    known.take_reading(reading(2, 60.0), at(2), live=True)
    known.take_reading(reading(1, 50.0), at(3), live=True)
    shown = known.snapshot(at(3))
    assert shown["sensors"][0]["celsius"] == 60.0
    assert shown["skipped"] == {"resent": 1}


def test_ids_beyond_the_limit_are_counted() -> None:
    known = plant(max_sensors=2)
    for number in range(5):
        known.take_reading(reading(0, sensor_id=f"S{number}"), at(0), live=True)
    shown = known.snapshot(at(0))
    assert [tile["id"] for tile in shown["sensors"]] == ["S0", "S1"]
    assert shown["skipped"] == {"too_many_sensors": 3}


def test_who_is_forgotten_is_gone_and_comes_back() -> None:
    known = plant()
    known.take_reading(reading(0), at(0), live=True)
    known.take_statistic(statistic())
    version = known.version
    known.age(at(24 * 3600 + 1))
    assert known.since(version, at(24 * 3600 + 1)) == {"gone": ["S1"]}
    assert known.snapshot(at(24 * 3600 + 1))["stats"] == {}
    known.take_reading(reading(24 * 3600 + 2), at(24 * 3600 + 2), live=True)
    delta = known.since(version, at(24 * 3600 + 2))
    assert delta is not None
    assert "gone" not in delta
    assert [tile["id"] for tile in delta["sensors"]] == ["S1"]


def test_whoever_knows_too_little_needs_a_snapshot() -> None:
    known = plant(max_sensors=2000)
    for number in range(1001):
        known.take_reading(reading(0, sensor_id=f"S{number}"), at(0), live=True)
    version = known.version
    known.age(at(24 * 3600 + 1))
    assert known.since(version, at(24 * 3600 + 1)) is None
    assert known.since(known.version, at(24 * 3600 + 1)) == {}


def test_the_newest_hundred_alerts_each_once() -> None:
    known = plant()
    for number in range(150):
        known.take_alert(alert(number, f"gw/aaaa/{number + 1}"))
    known.take_alert(alert(999, "gw/aaaa/150"))  # its reading was sent again
    shown = known.snapshot(at(0))["alerts"]
    assert (len(shown), shown[0]["id"], shown[-1]["id"]) == (100, "sensor-suhu/0/50", "sensor-suhu/0/149")
    assert shown[0] == {"id": "sensor-suhu/0/50", "sensor": "S1", "celsius": 81.0, "at_ms": NOON_MS}


def test_an_incident_goes_on_and_ends_and_stays_ended() -> None:
    known = plant()
    for phase, duration_s in (("began", 0.0), ("still", 60.5), ("ended", 85.0), ("began", 0.0), ("still", 60.5)):
        known.take_incident(incident(phase=phase, duration_s=duration_s))
    assert known.snapshot(at(0))["incidents"] == [
        {
            "id": "overheating/sensor-suhu/0/1",
            "kind": "overheating",
            "phase": "ended",
            "sensor": "S1",
            "began_ms": NOON_MS,
            "at_ms": NOON_MS,
            "duration_s": 85.0,
            "peak_celsius": 91.0,
            "open": False,
        }
    ]


def test_open_incidents_outlast_ended_ones() -> None:
    known = plant()
    known.take_incident(incident(0))
    for number in range(1, 151):
        known.take_incident(incident(number))
        known.take_incident(incident(number, "ended", 5.0))
    shown = known.snapshot(at(0))["incidents"]
    assert len(shown) == 100
    assert [one["id"] for one in shown if one["open"]] == ["overheating/sensor-suhu/0/0"]


def test_the_newest_minute_of_each_sensor() -> None:
    known = plant()
    known.take_statistic(statistic(10))
    assert known.snapshot(at(0))["stats"] == {}
    known.take_statistic(statistic(60, revision=3))
    known.take_statistic(statistic(60, revision=2))
    expected = {"window_s": 60, "mean": 55.0, "min": 20.0, "max": 90.0, "share_above": 0.25}
    assert known.snapshot(at(0))["stats"] == {"S1": expected}


def test_links_are_told_when_they_change() -> None:
    known = plant()
    version = known.version
    known.set_kafka(KafkaState(up=True, since_ms=NOON_MS, why=None))
    known.set_gateways((GatewayState("http://gw", up=False, why="off"),))
    delta = known.since(version, at(0))
    assert delta is not None
    assert delta["kafka"] == {"up": True, "since_ms": NOON_MS, "why": None}
    assert delta["gateways"][0]["why"] == "off"
    version = known.version
    known.set_kafka(KafkaState(up=True, since_ms=NOON_MS, why=None))
    assert known.version == version


def test_new_limits_judge_what_is_shown_already() -> None:
    known = plant(S1=Machine("Oven", 20.0, 90.0))
    known.take_reading(reading(0, 85.0), at(0), live=True)
    version = known.version
    known.set_machines({"S1": Machine("Oven 3", 20.0, 84.0)})
    delta = known.since(version, at(0))
    assert delta is not None
    assert [(tile["name"], tile["level"]) for tile in delta["sensors"]] == [("Oven 3", "critical")]


def test_the_last_hour_of_a_sensor() -> None:
    known = plant()
    known.take_reading(reading(0, 50.0), at(0), live=True)
    assert known.recent("S1", at(0)) == ([NOON_MS], [50.0])
    assert known.recent("S2", at(0)) is None


class Reader:
    """A page that gets every delta, or only some."""

    def __init__(self, known: Plant, second: float) -> None:
        self.version = known.version
        self.state: dict[str, Any] = {}
        self.take(known.snapshot(at(second)))

    def follow(self, known: Plant, second: float) -> None:
        delta = known.since(self.version, at(second))
        self.version = known.version
        if delta is None:
            self.state = {}
            delta = known.snapshot(at(second))
        self.take(delta)

    def take(self, content: dict[str, Any]) -> None:
        tiles = self.state.setdefault("sensors", {})
        for tile in content.get("sensors", ()):
            tiles[tile["id"]] = (tile["celsius"], tile["stale"])
        for sensor_id in content.get("gone", ()):
            tiles.pop(sensor_id, None)
        self.state["skipped"] = content.get("skipped", self.state.get("skipped", {}))


class PlantAndReaders(RuleBasedStateMachine):
    """Whatever happens in whatever order, a reader of all deltas and one of few know what a new one is told."""

    def __init__(self) -> None:
        super().__init__()
        self.plant = plant(max_sensors=5)
        self.second = 0.0
        self.quick, self.slow = Reader(self.plant, 0), Reader(self.plant, 0)

    @rule(
        sensor=st.integers(0, 8), celsius=st.floats(-273.15, 10_000), live=st.booleans(), back_s=st.integers(-60, 4000)
    )
    def reading_comes(self, sensor: int, celsius: float, live: bool, back_s: int) -> None:
        one = reading(self.second - back_s, celsius, f"S{sensor}")
        self.plant.take_reading(one, at(self.second), live=live)

    @rule(seconds=st.sampled_from([0.05, 1.0, 6.0, 61.0, 4000.0, 90_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.second += seconds
        self.plant.age(at(self.second))

    @rule()
    def slow_one_reads(self) -> None:
        self.slow.follow(self.plant, self.second)
        assert self.slow.state == Reader(self.plant, self.second).state

    @invariant()
    def quick_one_knows_all(self) -> None:
        self.quick.follow(self.plant, self.second)
        assert self.quick.state == Reader(self.plant, self.second).state

    @invariant()
    def it_is_bounded_and_can_be_sent(self) -> None:
        assert self.plant.sensors <= 5
        assert json.loads(json.dumps(self.plant.snapshot(at(self.second)), allow_nan=False))["sensors"] is not None


PlantAndReaders.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestPlantAndReaders = pytest.mark.filterwarnings("ignore::pytest.PytestWarning")(PlantAndReaders.TestCase)

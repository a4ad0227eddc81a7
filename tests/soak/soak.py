import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from kafka.errors import KafkaError

from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.records import read_topic
from sandbox.waiting import wait_until
from tests.faults.invariants import check
from tests.soak.flatness import trends
from tests.soak.plant import MQTT_DEVICES, PATIENCE_S, SENSORS, SERIAL, Plant
from tests.soak.result import Happened, Result
from tests.soak.trials import TRIALS, Trial
from tests.soak.truth import Window, line_loss
from tests.soak.vitals import Vitals

READ_TIMEOUT_S = 1_200.0
LAST_LIFE = 0.5  # of the run: in this part at its end no fault ends the gateway, so that a slow leak shows
TROUBLE = (SandboxError, OSError, KafkaError, ValueError, RuntimeError, TimeoutError, subprocess.SubprocessError)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often faults come."""

    calm_s: tuple[float, float] = (10.0, 45.0)  # between a recovery and the next fault


class Soak:
    """A plant that runs, is harmed at random, and is held to its promises at the end.

    Args:
        plant: entered by the caller.
        result: filled, and written to `out` after every fault.
        out: the JSON file.
        trials: what may happen.
        pace: how often.
        say: takes a line of progress.
    """

    def __init__(
        self,
        plant: Plant,
        result: Result,
        out: Path,
        trials: Sequence[Trial] = TRIALS,
        pace: Pace | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self._plant = plant
        self._result = result
        self._out = out
        self._trials = [one for one in trials if plant.disk.small or not one.needs_disk]
        self._pace = pace or Pace()
        self._say = say
        self._away: list[Window] = []
        self._began_s = 0.0

    def run(self) -> None:
        """Harm it until the time is over, then judge."""
        duration_s = self._result.hours * 3600
        chance = Random(self._result.seed)
        plant = self._plant
        started_s = time.time()
        plant.await_recovery(started_s)
        self._away.append((started_s - PATIENCE_S, time.time()))
        self._began_s = time.monotonic()
        self._say(f"all {len(SENSORS)} sensors flow after {time.time() - started_s:.0f} s; seed {self._result.seed}")
        with Vitals(
            lambda: plant.rig.gateway.pid if plant.rig.gateway.alive else None, plant.health_port.number
        ) as vitals:
            self._result.samples = vitals.samples
            try:
                while (left_s := duration_s - self._ran_s()) > 0:
                    calm_s = min(chance.uniform(*self._pace.calm_s), left_s)
                    time.sleep(calm_s)
                    if calm_s < left_s:
                        self._harm(self._drawn(chance, duration_s), chance)
                    self._note(vitals)
            except KeyboardInterrupt:
                self._result.notes.append("it was broken off")
            self._note(vitals)
        self._judge()

    def _ran_s(self) -> float:
        return round(time.monotonic() - self._began_s, 1)

    def _drawn(self, chance: Random, duration_s: float) -> Trial:
        lasting = self._ran_s() > duration_s * (1 - LAST_LIFE)
        possible = [one for one in self._trials if not (one.ends_life and lasting)] or self._trials
        return chance.choices(possible, [one.weight for one in possible])[0]

    def _harm(self, trial: Trial, chance: Random) -> None:
        plant, happened = self._plant, Happened(self._ran_s(), trial.name)
        self._result.faults.append(happened)
        log = plant.rig.gateway.log
        said_before = log.stat().st_size
        began_s = ended_s = time.time()
        try:
            trial.harm(plant, chance)
        except TROUBLE as error:
            happened.trouble = f"{type(error).__name__}: {error}"
        ended_s = time.time()
        try:
            if happened.trouble:
                plant.mend_the_harness()
            if found := plant.mend():
                happened.wrong = "; ".join(found)
            ended_s = time.time()
            happened.recovery_s = round(plant.await_recovery(ended_s), 1)
        except TROUBLE as error:
            happened.wrong = f"{happened.wrong} {type(error).__name__}: {error}".strip()
            plant.mend_the_harness()
        happened.lasted_s = round(ended_s - began_s, 1)
        if trial.deaf:
            self._away.append((began_s, time.time()))
        if trial.told and not happened.trouble:
            with log.open("rb") as file:
                file.seek(said_before)
                said = file.read().decode("utf-8", "replace")
            happened.told = any(f"event={event} " in f"{line} " for line in said.splitlines() for event in trial.told)
        self._tell(happened)

    def _tell(self, happened: Happened) -> None:
        told = {None: "", True: ", told", False: ", NOT TOLD"}[happened.told]
        words = (
            f"{happened.at_s:7.0f} s  {happened.name}, {happened.lasted_s} s, back after {happened.recovery_s} s{told}"
        )
        self._say(words)
        for kind in ("wrong", "trouble"):
            if said := getattr(happened, kind):
                self._say(f"           {kind}: {said}")

    def _note(self, vitals: Vitals) -> None:
        self._result.ran_s = self._ran_s()
        self._result.lives = vitals.lives
        self._result.ready = dict(vitals.ready)
        self._result.records = self._plant.follower.records
        self._result.trends = trends(list(vitals.samples))
        if vitals.samples:
            newest = vitals.samples[-1]
            holes = self._plant.follower.holes()
            figures = " ".join(f"{name}={value}" for name, value in newest.figures.items())
            records = f"{self._result.records} records, {holes} holes now"
            self._say(f"{self._ran_s():7.0f} s  {records}, life {newest.life}: {figures}")
        self._result.write(self._out)

    def _judge(self) -> None:
        plant, result = self._plant, self._result
        began_s = time.time()
        try:
            plant.mend()
            plant.stop_devices()
        except TROUBLE as error:
            result.notes.append(f"at the end: {type(error).__name__}: {error}")
        self._away.append((began_s, time.time()))
        self._drain()
        result.verify = self._verified()
        if code := plant.rig.gateway.stop(PATIENCE_S):
            result.breaks("I6 ended badly", [f"SIGTERM at the end: exit code {code}"])
        topic = read_topic(plant.kafka.bootstrap_servers, plant.rig.name, READ_TIMEOUT_S)
        accepted, in_order = plant.accepted(), plant.in_order()
        evidence = {"accepted": accepted, "in_order": in_order, "away": self._away}
        (plant.rig.work_dir / "evidence.json").write_text(json.dumps(evidence))
        (plant.rig.work_dir / "topic.jsonl").write_bytes(b"".join((one.value or b"") + b"\n" for one in topic))
        verdict = check(accepted, topic, plant.rig.waiting(), in_order)
        result.records, result.accepted = verdict.records, len(set(accepted))
        result.duplicated, result.redelivered = len(verdict.duplicated), len(verdict.redelivered)
        for name, wrong in verdict.broken(repeats_allowed=True).items():
            result.breaks(name, wrong)
        landed = [(one["sensor_id"], one["suhu"]) for record in topic if (one := json.loads(record.value or b"{}"))]
        self._judge_wires(landed)
        result.breaks(
            "I6 not recovered", [f"{one.at_s} s {one.name}: {one.wrong}" for one in result.faults if one.wrong]
        )
        result.breaks("I7 not told", [f"{one.at_s} s {one.name}" for one in result.faults if one.told is False])
        if '"proven": true' not in result.verify:
            result.breaks("gateway verify", [result.verify])

    def _judge_wires(self, landed: Sequence[tuple[str, float]]) -> None:
        plant, result = self._plant, self._result
        serial = line_loss(plant.sent_on_wires(), landed, SERIAL, self._away)
        result.wires = {"sent": serial.sent, "lost_while_deaf_or_unplugged": serial.excused, "lost": len(serial.lost)}
        result.breaks("I1 lost lines", serial.lost)
        mqtt = plant.sent_by_mqtt_devices()
        known = {*mqtt.readings, *mqtt.allowed}
        strange = [str(one) for one in dict.fromkeys(landed) if one[0] in MQTT_DEVICES and one not in known]
        foreign = [str(one) for one in dict.fromkeys(landed) if one[0] not in SENSORS]
        result.breaks("I5 invented", [*serial.invented, *strange, *foreign])

    def _drain(self) -> None:
        """What waits, here and at the MQTT broker, has its time to come out."""
        rig = self._plant.rig
        last = set(rig.load.last)
        try:
            wait_until(lambda: last <= rig.tail.readings(), PATIENCE_S, "the last readings in the topic")
            wait_until(lambda: rig.status().get("waiting", 1) == 0, PATIENCE_S, "an empty journal", poll_s=0.5)
        except TROUBLE as error:
            self._result.breaks("I6 not drained", [str(error)])

    def _verified(self) -> str:
        command = [sys.executable, "-m", "gateway", "verify", "--json", "--config", str(self._plant.rig.config)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=READ_TIMEOUT_S, check=False)
        if done.returncode != 0:
            return f"exit code {done.returncode}: {done.stderr.strip()} {done.stdout[:2000]}"
        told = json.loads(done.stdout)
        return json.dumps({name: told[name] for name in ("records", "foreign", "complete_from_first_record", "proven")})

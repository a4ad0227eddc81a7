from collections import Counter, deque
from typing import Any

from dashboard.machines import Machines
from dashboard.plant.crowd import Crowd
from dashboard.plant.links import GatewayState, KafkaState
from dashboard.plant.moment import Moment
from dashboard.plant.newest import Newest
from dashboard.plant.tile import Tile
from dashboard.records.alert import Alert
from dashboard.records.incident import Incident
from dashboard.records.reading import Reading
from dashboard.records.statistic import Statistic

LISTED = 100  # alerts, and incidents
REMEMBERED_GONE = 1000
MINUTE_S = 60


class Plant:
    """Everything that the page shows. Each change gets a version, so that anyone can be told what is new to them.

    Memory is bounded: tiles by `max_sensors`, an hour of each; the newest hundred alerts and incidents.

    Attributes:
        version: of the last change; grows only.
    """

    def __init__(self, machines: Machines, max_sensors: int, stale_after_s: float) -> None:
        self.version = 0
        self._machines = machines
        self._stale_after_s = stale_after_s
        self._crowd = Crowd(max_sensors, machines.keys())
        self._gone: deque[tuple[int, str]] = deque(maxlen=REMEMBERED_GONE)
        self._alerts: Newest[Alert] = Newest(LISTED)
        self._incidents: Newest[Incident] = Newest(LISTED, goes_first=lambda each: not each.is_open)
        self._statistics: Newest[Statistic] = Newest(max_sensors)
        self._kafka = KafkaState(up=False, since_ms=0, why="not asked yet")
        self._gateways: tuple[GatewayState, ...] = ()
        self._skipped: Counter[str] = Counter()
        self._changed = {"kafka": 0, "gateways": 0, "skipped": 0}

    @property
    def skipped(self) -> Counter[str]:
        """Records that are not shown, by reason."""
        return Counter(self._skipped)

    @property
    def kafka(self) -> KafkaState:
        """How the link to Kafka is."""
        return self._kafka

    @property
    def sensors(self) -> int:
        """How many are known."""
        return len(self._crowd)

    def take_reading(self, reading: Reading, now: Moment, *, live: bool) -> None:
        """Show a reading; see Tile.take."""
        tile = self._crowd.get(reading.sensor_id)
        if tile is None:
            tile, gone = self._crowd.admit(reading.sensor_id, now)
            if gone is not None:
                self._forget(gone)
            if tile is None:
                self.skip("too_many_sensors")
                return
        if live and tile.is_resend(reading):
            self.skip("resent")
            return
        tile.take(reading, now, live=live)
        if live:
            self._crowd.heard(reading.sensor_id)
        tile.is_stale = tile.silent_s(now) > self._stale_after_s
        tile.version = self._next()

    def take_alert(self, alert: Alert) -> None:
        """List an alert, once, also when its reading was sent again."""
        key = alert.event_id or alert.alert_id
        if self._alerts.get(key) is None:
            self._alerts.put(key, alert, self._next())

    def take_incident(self, incident: Incident) -> None:
        """List an incident, or how it goes on."""
        known = self._incidents.get(incident.incident_id)
        if known is None or incident.is_after(known):
            self._incidents.put(incident.incident_id, incident, self._next())

    def take_statistic(self, statistic: Statistic) -> None:
        """Keep the newest minute of each sensor."""
        if statistic.window_s != MINUTE_S:
            return
        known = self._statistics.get(statistic.sensor_id)
        if known is None or statistic.is_after(known):
            self._statistics.put(statistic.sensor_id, statistic, self._next())

    def skip(self, reason: str, count: int = 1) -> None:
        """Count what is not shown."""
        self._skipped[reason] += count
        self._changed["skipped"] = self._next()

    def set_kafka(self, state: KafkaState) -> None:
        """Say how the link to Kafka is."""
        if state != self._kafka:
            self._kafka = state
            self._changed["kafka"] = self._next()

    def set_gateways(self, states: tuple[GatewayState, ...]) -> None:
        """Say how the gateways are."""
        if states != self._gateways:
            self._gateways = states
            self._changed["gateways"] = self._next()

    def set_machines(self, machines: Machines) -> None:
        """Take new names and limits; every tile is shown anew."""
        self._machines = machines
        self._crowd.named = machines.keys()
        for tile in self._crowd:
            tile.version = self._next()

    def age(self, now: Moment) -> None:
        """Grey out who fell silent, forget who has been for a day; to be called a few times a second."""
        for tile in self._crowd:
            is_stale = tile.silent_s(now) > self._stale_after_s
            if is_stale != tile.is_stale:
                tile.is_stale = is_stale
                tile.version = self._next()
        for tile in self._crowd.forget_silent(now):
            self._forget(tile)

    def recent(self, sensor_id: str, now: Moment) -> tuple[list[int], list[float]] | None:
        """Times in ms and temperatures of a sensor's last hour; None: not known."""
        tile = self._crowd.get(sensor_id)
        return None if tile is None else tile.points(now)

    def snapshot(self, now: Moment) -> dict[str, Any]:
        """All that there is, for a page that was just opened."""
        return self._content(-1, now) | {"gone": []}

    def since(self, version: int, now: Moment) -> dict[str, Any] | None:
        """What changed after that version; None: too long ago to tell, a snapshot is due."""
        if self._gone.maxlen == len(self._gone) and self._gone[0][0] > version:
            return None
        found = self._content(version, now)
        gone = [sensor_id for forgotten, sensor_id in self._gone if forgotten > version]
        back = {tile["id"] for tile in found.get("sensors", ())}
        gone = [sensor_id for sensor_id in gone if sensor_id not in back]
        return found | ({"gone": gone} if gone else {})

    def _content(self, version: int, now: Moment) -> dict[str, Any]:
        machines = self._machines
        shown = (tile.shown(machines.get(tile.sensor_id), now) for tile in self._crowd if tile.version > version)
        found: dict[str, Any] = {
            "sensors": [tile for tile in shown if tile is not None],
            "alerts": [_alert(alert) for _, alert in self._alerts.since(version)],
            "incidents": [_incident(incident) for _, incident in self._incidents.since(version)],
            "stats": {sensor: _statistic(each) for sensor, each in self._statistics.since(version)},
        }
        whole: dict[str, Any] = {
            "kafka": self._kafka.shown(),
            "gateways": [each.shown() for each in self._gateways],
            "skipped": dict(self._skipped),
        }
        found |= {name: value for name, value in whole.items() if self._changed[name] > version}
        return found if version < 0 else {name: value for name, value in found.items() if value}

    def _forget(self, tile: Tile) -> None:
        self._statistics.drop(tile.sensor_id)
        self._gone.append((self._next(), tile.sensor_id))

    def _next(self) -> int:
        self.version += 1
        return self.version


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.alert_id,
        "sensor": alert.sensor_id,
        "celsius": alert.celsius,
        "at_ms": alert.measured_at_ms,
    }


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.incident_id,
        "kind": incident.kind,
        "phase": incident.phase,
        "sensor": incident.sensor_id,
        "began_ms": incident.began_at_ms,
        "at_ms": incident.at_ms,
        "duration_s": incident.duration_s,
        "peak_celsius": incident.peak_celsius,
        "open": incident.is_open,
    }


def _statistic(statistic: Statistic) -> dict[str, Any]:
    return {
        "window_s": statistic.window_s,
        "mean": statistic.mean,
        "min": statistic.minimum,
        "max": statistic.maximum,
        "share_above": statistic.share_above,
    }

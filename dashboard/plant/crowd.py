from collections import OrderedDict
from collections.abc import Container, Iterator

from dashboard.plant.moment import Moment
from dashboard.plant.tile import Tile

FORGET_AFTER_S = 24 * 3600.0  # a sensor that nobody named, and that says nothing for a day, is gone
MAKE_ROOM_AFTER_S = 3600.0  # when there is no room: after an hour
STRANGER_AFTER_S = 60.0  # one that came a few times only: after a minute
STRANGER_READINGS = 10
LOOK_AGAIN_S = 1.0


class Crowd:
    """The sensors that are known: so many and no more, however many ids somebody makes up.

    A sensor of the machines file has its place for ever; another one may lose it to a newcomer when it is silent. One
    that was seen a few times only goes first, so that made-up ids push out each other and no machine.
    """

    def __init__(self, max_sensors: int, named: Container[str]) -> None:
        self._max_sensors = max_sensors
        self.named = named
        self._tiles: OrderedDict[str, Tile] = OrderedDict()  # the one that was heard of last at the end
        self._full_until_s = float("-inf")

    def __iter__(self) -> Iterator[Tile]:
        return iter(self._tiles.values())

    def __len__(self) -> int:
        return len(self._tiles)

    def get(self, sensor_id: str) -> Tile | None:
        """A sensor that is known."""
        return self._tiles.get(sensor_id)

    def heard(self, sensor_id: str) -> None:
        """Note that it spoke just now."""
        self._tiles.move_to_end(sensor_id)

    def admit(self, sensor_id: str, now: Moment) -> tuple[Tile | None, Tile | None]:
        """Give a new sensor a place; return its tile, or None, and the tile of the one that had to go for it."""
        gone = None
        if len(self._tiles) >= self._max_sensors and sensor_id not in self.named:
            gone = self._make_room(now)
            if gone is None:
                return None, None
        tile = self._tiles[sensor_id] = Tile(sensor_id)
        return tile, gone

    def forget_silent(self, now: Moment) -> list[Tile]:
        """Let those go that have been silent for a day."""
        gone = [tile for tile in self if tile.silent_s(now) > FORGET_AFTER_S and tile.sensor_id not in self.named]
        for tile in gone:
            del self._tiles[tile.sensor_id]
        return gone

    def _make_room(self, now: Moment) -> Tile | None:
        if now.steady_s < self._full_until_s:
            return None
        for tile in self:
            silent_s = tile.silent_s(now)
            is_stranger = tile.readings < STRANGER_READINGS
            after_s = STRANGER_AFTER_S if is_stranger else MAKE_ROOM_AFTER_S
            if silent_s > after_s and tile.sensor_id not in self.named:
                return self._tiles.pop(tile.sensor_id)
        self._full_until_s = now.steady_s + LOOK_AGAIN_S  # a flood of ids shall not have all looked through each time
        return None

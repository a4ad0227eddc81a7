"""Whether a figure of a process stays flat over hours. Pure.

Two questions. Within each life of the process: after a warm-up, the slope through the figure over time (Theil and Sen:
the median of the slopes between all pairs of points, so that a spike or an outage's backlog does not decide) times
the length of the observation is what it has grown by. Across lives: the same over the level that each life had at
the same young age, for what a life hands on to the next one (a journal that grows, files that pile up).
A growth above the limit of the figure is a leak. What is too short for a slope is not judged, and says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

LIMITS: Mapping[str, float] = {"rss_mb": 4.0, "pss_mb": 4.0, "descriptors": 3.0, "threads": 2.0}
WARM_UP = 1 / 3  # of a life: memory that the first outage of each kind takes is used again by the next ones
WARM_UP_S = 120.0  # and at least this long
LIFE_S = 600.0  # beyond the warm-up; a shorter life says nothing of a slope
YOUNG_S = (5.0, 20.0)  # the age at which lives are compared: started, and no fault yet that took memory in one of them
LIVES = 5  # fewer say nothing of a slope
POINTS = 60  # a life is condensed to so many medians

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process used at a moment; `life` counts the processes that were one after the other."""

    at_s: float  # since the beginning of the run
    life: int
    age_s: float  # of the process
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Trend:
    """How one figure went."""

    figure: str
    over: str  # "life 3", or "lives"
    points: int
    start: float  # the median at the beginning, and at the end
    end: float
    grown: float  # the slope times the length
    limit: float
    span_s: float

    @property
    def flat(self) -> bool:
        """Whether it has not grown beyond the limit."""
        return self.grown <= self.limit


def trends(samples: Sequence[Sample], limits: Mapping[str, float] = LIMITS) -> list[Trend]:
    """Each figure's trend in each life that is long enough, and across lives if there are enough of them."""
    lives: dict[int, list[Sample]] = defaultdict(list)
    for one in samples:
        lives[one.life].append(one)
    found = []
    for figure, limit in limits.items():
        for number, life in lives.items():
            warm_up_s = max(life[-1].age_s * WARM_UP, WARM_UP_S)
            grown_up = [(one.at_s, one.figures[figure]) for one in life if one.age_s >= warm_up_s]
            if grown_up and grown_up[-1][0] - grown_up[0][0] >= LIFE_S:
                found.append(_trend(figure, f"life {number}", condensed(grown_up), limit))
        levels = [level for life in lives.values() if (level := _young(life, figure)) is not None]
        if len(levels) >= LIVES:
            found.append(_trend(figure, "lives", levels, limit))
    return found


def slope(points: Iterable[Point]) -> float:
    """The median of the slopes between all pairs of points (Theil 1950, Sen 1968); 0.0 for fewer than two."""
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x2 != x1]
    return median(slopes) if slopes else 0.0


def condensed(points: Sequence[Point], count: int = POINTS) -> list[Point]:
    """At most `count` points: the medians of neighbours."""
    size = -(-len(points) // count)
    groups = [points[place : place + size] for place in range(0, len(points), size)]
    return [(median(x for x, _ in group), median(y for _, y in group)) for group in groups]


def _trend(figure: str, over: str, points: Sequence[Point], limit: float) -> Trend:
    end = max(len(points) // 5, 1)
    span_s = points[-1][0] - points[0][0]
    first, last = (median(y for _, y in part) for part in (points[:end], points[-end:]))
    return Trend(figure, over, len(points), first, last, round(slope(points) * span_s, 3), limit, span_s)


def _young(life: Sequence[Sample], figure: str) -> Point | None:
    low_s, high_s = YOUNG_S
    found = [(one.at_s, one.figures[figure]) for one in life if low_s <= one.age_s < high_s]
    return (found[0][0], median(y for _, y in found)) if found else None

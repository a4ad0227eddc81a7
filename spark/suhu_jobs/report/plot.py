"""Each machine's day as a picture: one panel a machine, all on the same axes, so that they can be compared."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from suhu_jobs.errors import StorageError
from suhu_jobs.printing import shortest
from suhu_jobs.report.figures import MINUTES_A_DAY
from suhu_jobs.report.table import label

MAX_PANELS = 24  # more cannot be told apart on one page
WIDTH_INCHES, DOTS_PER_INCH = 10, 100  # 1,000 pixels
TITLE_CHARS = 110  # that fit into the width
ONE_COLUMN = 3  # so many machines or fewer stand below each other, over the whole width
_MEAN, _RANGE, _HOT, _GRID = "#1f5f8b", "#a9c9de", "#c0392b", "#e3e3e3"


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of one sensor; see figures.per_minute."""

    minute: int  # of the day, in UTC
    lowest: float  # °C, like the next two
    mean: float
    highest: float


def draw(
    machines: Mapping[str, Sequence[Minute]], names: Mapping[str, str], day: str, hot_above_celsius: float, file: Path
) -> None:
    """Write the picture.

    Args:
        machines: by sensor_id, at least one and at most MAX_PANELS, in the order of their panels.
        names: of the machines, by sensor_id.
        day: YYYY-MM-DD.
        hot_above_celsius: where the red line goes.
        file: a PNG; one that is there is replaced.

    Raises:
        StorageError: it cannot be written.
    """
    columns = 1 if len(machines) <= ONE_COLUMN else 2
    rows = math.ceil(len(machines) / columns)
    figure = Figure(figsize=(WIDTH_INCHES, 1.2 + 2.1 * rows), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels = list(grid.flat)
    for panel, (sensor_id, minutes) in zip(panels, machines.items(), strict=False):
        _draw_day(panel, minutes, hot_above_celsius)
        panel.set_title(_shortened(label(sensor_id, names), TITLE_CHARS // columns), loc="left", fontsize=10)
    for unused in panels[len(machines) :]:
        unused.remove()
    _lay_out_axes(panels[: len(machines)], columns)
    words = f"mean of each minute, shaded from its lowest to its highest; red above {shortest(hot_above_celsius)} °C"
    figure.suptitle(f"{day} (UTC), °C: {words}", fontsize=11, x=0.01, ha="left")
    _write(figure, file)


def _draw_day(panel: Axes, minutes: Sequence[Minute], hot_above_celsius: float) -> None:
    lowest, mean, highest = (np.full(MINUTES_A_DAY, np.nan) for _ in range(3))  # a minute without readings is a gap
    for one in minutes:
        lowest[one.minute], mean[one.minute], highest[one.minute] = one.lowest, one.mean, one.highest
    hours = (np.arange(MINUTES_A_DAY) + 0.5) / 60
    panel.axhline(hot_above_celsius, color=_HOT, linewidth=1, linestyle=(0, (4, 3)))
    panel.fill_between(hours, lowest, highest, color=_RANGE, linewidth=0)
    hot = highest > hot_above_celsius
    red_from = np.maximum(lowest, hot_above_celsius)
    panel.fill_between(hours, red_from, highest, where=hot, color=_HOT, alpha=0.45, linewidth=0, step="mid")
    panel.plot(hours, mean, color=_MEAN, linewidth=1.1)
    panel.plot(hours, np.where(mean > hot_above_celsius, mean, np.nan), color=_HOT, linewidth=1.4)
    alone = np.isnan(np.roll(mean, 1)) & np.isnan(np.roll(mean, -1))  # a line needs two
    panel.plot(hours[alone], mean[alone], ".", color=_MEAN, markersize=5)


def _lay_out_axes(panels: Sequence[Axes], columns: int) -> None:
    for number, panel in enumerate(panels):
        panel.set_xlim(0, 24)
        panel.set_xticks(range(0, 25, 3), [f"{hour:02}:00" for hour in range(0, 25, 3)])
        panel.grid(color=_GRID, linewidth=0.7)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
        is_lowest = number + columns >= len(panels)  # a shared axis is written once, also above an empty corner
        panel.tick_params(labelsize=8, labelbottom=is_lowest)


def _shortened(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[: chars - 1]}…"


def _write(figure: Figure, file: Path) -> None:
    try:
        figure.savefig(file, format="png")
    except OSError as exc:
        raise StorageError(f"cannot write {file} ({exc.strerror}): give another file with --plot") from exc

from suhu_jobs.pipeline.folding import Reading

Points = list[list[float]]  # [measured_at in ms, celsius] of some earlier readings, oldest first

WINDOW_MS = 60_000  # with one reading a second and a resolution of 0.1 °C the rate is then good to about 0.02 °C/min
SPACING_MS = 2_000  # of the points that are kept, so that a fast sensor's state stays small
MIN_SPAN_MS = 10_000  # below, the last digit of the sensor would be read as several °C/min
MAX_GAP_MS = 15 * 60_000  # across a longer pause a rate says nothing about now

_MS_PER_MIN = 60_000.0


def follow(points: Points, reading: Reading) -> float | None:
    """Take a reading and tell how fast the sensor warms, in °C per minute.

    The slope of the straight line that fits the readings of the last minute best (least squares): the difference of two
    readings a second apart would be mostly the sensor's resolution. A sensor that reports less than once a minute is
    compared with its reading before.

    Args:
        points: what this function keeps between readings; empty at first, changed in place.
        reading: the next one of the sensor.

    Returns:
        None as long as it cannot be told: at the first reading, until 10 s are covered, after a pause of more than a
        quarter of an hour, and when the clock was set back or is known to be wrong.
    """
    if reading.clock_unsynced:
        points.clear()
        return None
    at_ms = reading.measured_at_ms
    if points and not 0 <= at_ms - points[-1][0] <= MAX_GAP_MS:
        points.clear()
    while len(points) > 1 and points[0][0] < at_ms - WINDOW_MS:
        del points[0]
    line = [*points, [at_ms, reading.celsius]]
    if len(line) == 1 or at_ms - points[-1][0] >= SPACING_MS:
        points.append([at_ms, reading.celsius])
    return None if at_ms - line[0][0] < MIN_SPAN_MS else round(_slope(line), 3)


def _slope(line: Points) -> float:
    first_ms = line[0][0]  # times since 1970 would cost digits
    minutes = [(at_ms - first_ms) / _MS_PER_MIN for at_ms, _ in line]
    mean_min = sum(minutes) / len(line)
    mean_celsius = sum(celsius for _, celsius in line) / len(line)
    covariance = sum((at - mean_min) * (point[1] - mean_celsius) for at, point in zip(minutes, line, strict=True))
    return covariance / sum((at - mean_min) ** 2 for at in minutes)

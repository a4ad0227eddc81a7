"""`make bench-page`: how soon a reading is painted in a real Chromium, and whether 1,000 sensors cost frames."""

import argparse
import json
import random
import shutil
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import quantiles

from kafka import KafkaProducer
from playwright.sync_api import Browser, Page, sync_playwright

from bench.conditions import conditions
from bench.result import Result, conclude
from bench.targets import Figures, Target
from sandbox.dashboard import Dashboard
from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.kafka import Kafka
from sandbox.process import Child
from sandbox.records import API_VERSION

OUT = PROJECT / "bench" / "out" / "page.json"
WORK = PROJECT / "var" / "bench-page"
CHROMIUM = Path("/usr/bin/chromium")
PROBE = "0-probe"  # its tile is the first
WARM_UP_S = 8.0
TARGETS = (
    Target("p99_ms", 250),
    Target("p50_ms", 250, 150),
    Target("dropped_percent", 5, 1),
    Target("renderer_cpu_percent", 100, 50),  # of one core: unlike frames, nearly the same on a busy machine
)

# Notes when each value of the probe was painted, and how far apart the frames were.
WATCH = """() => {
    window.painted = [];
    window.frames = [];
    window.longTasks = 0;
    const node = document.querySelector('[data-sensor="0-probe"] .celsius');
    new MutationObserver(() => {
        const value = node.textContent;
        requestAnimationFrame(() => setTimeout(() => painted.push([value, Date.now()])));
    }).observe(node, { childList: true, characterData: true, subtree: true });
    new PerformanceObserver((list) => { longTasks += list.getEntries().length; }).observe({ type: "longtask" });
    let last = performance.now();
    const frame = (now) => { frames.push(now - last); last = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
}"""


class Probe(threading.Thread):
    """A sensor that counts up, at a moment of its own each second; notes when it was about to write each value."""

    def __init__(self, servers: str, topic: str) -> None:
        super().__init__(name="probe", daemon=True)
        self._producer = KafkaProducer(bootstrap_servers=servers.split(","), api_version=API_VERSION, acks=1)
        self._topic = topic
        self._over = threading.Event()
        self.written_ms: dict[str, float] = {}

    def run(self) -> None:
        """Write until stopped."""
        count = 0
        while not self._over.wait(0.7 + 0.6 * random.random()):  # noqa: S311  # no secret
            count += 1
            celsius = -200 + count / 10
            at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            record = {"sensor_id": PROBE, "suhu": celsius, "measured_at": at, "source": "mqtt"}
            self.written_ms[f"{celsius:.1f}"] = time.time() * 1000
            value = json.dumps({**record, "event_id": f"bench/bbbb/{count}"}).encode()
            self._producer.send(self._topic, value, PROBE.encode())
            self._producer.flush()

    def close(self) -> None:
        """Stop writing."""
        self._over.set()
        self.join()
        self._producer.close()


def look(work: Path, kafka: Kafka, browser: Browser, sensors: int, seconds: float) -> Figures:
    """Measure one size of plant, on a page that is looked at.

    From just before the probe's reading is handed to the producer until the frame that shows it has been painted.
    """
    topic = f"page-{sensors}"
    kafka.create_topic(topic, 3)
    server = Dashboard(work, kafka.bootstrap_servers, arguments=["--topic", topic], name=f"dashboard-{sensors}")
    load = [sys.executable, "-m", "bench.dashboard_load.sensors", kafka.bootstrap_servers, topic, str(sensors)]
    with server, Child(f"sensors-{sensors}", load, work):
        probe = Probe(kafka.bootstrap_servers, topic)
        probe.start()
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        try:
            page.goto(server.url)
            page.locator("#pin").click()  # else hot machines push the probe out of sight
            page.locator(f'[data-sensor="{PROBE}"]').wait_for()
            page.wait_for_timeout(WARM_UP_S * 1000)
            page.evaluate(WATCH)
            before_s = _renderers_s(browser)
            page.wait_for_timeout(seconds * 1000)
            used = {"renderer_cpu_percent": round(100 * (_renderers_s(browser) - before_s) / seconds, 1)}
            return _figures(page, probe.written_ms, sensors) | used
        finally:
            page.close()
            probe.close()


def _renderers_s(browser: Browser) -> float:
    """CPU time of the processes that lay out and paint pages, so far."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return sum(float(one["cpuTime"]) for one in processes if one["type"] == "renderer")


def _figures(page: Page, written_ms: dict[str, float], sensors: int) -> dict[str, float]:
    painted: list[tuple[str, float]] = page.evaluate("painted")
    frames_ms: list[float] = page.evaluate("frames")
    late_ms = [at_ms - written_ms[value] for value, at_ms in painted if value in written_ms]
    cuts = quantiles(late_ms, n=100, method="inclusive")
    # A frame that took as long as n is one that was shown and n - 1 that were not.
    dropped = sum(max(0, round(each * 60 / 1000) - 1) for each in frames_ms)
    return {
        "sensors": sensors,
        "readings": len(late_ms),
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "frames": len(frames_ms),
        "dropped_percent": round(100 * dropped / (dropped + len(frames_ms)), 2),
        "longest_frame_ms": round(max(frames_ms), 1),
        "long_tasks": page.evaluate("longTasks"),
        "heap_mb": round(page.evaluate("performance.memory.usedJSHeapSize") / 1e6, 1),
    }


def measure(seconds: float) -> dict[str, Result]:
    """Measure a small plant and a large one."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    with Kafka(WORK) as kafka, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        return {f"page_{sensors}": _one(partial(look, WORK, kafka, browser, sensors, seconds)) for sensors in (3, 1000)}


def _one(run: Callable[[], Figures]) -> Result:
    try:
        figures = run()
    except SandboxError as error:
        return Result(error=str(error))
    return Result(figures, [target.verdict(figures[target.figure]) for target in TARGETS])


def main() -> int:
    """Measure, print a table, write the JSON; 1 when a limit does not hold."""
    parser = argparse.ArgumentParser(prog="make bench-page", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each plant, after the warm-up")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    before = conditions()
    return conclude("bench-page", measure(arguments.seconds), before, arguments.out)


if __name__ == "__main__":
    sys.exit(main())

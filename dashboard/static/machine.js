import { Chart, hourOptions } from "./chart.js";
import { showPairs } from "./pairs.js";
import { ago, momentOf, percent, rate, temperature } from "./measures.js";
import { Points } from "./points.js";
import { levelWord, measuredMs, trendWord } from "./tile.js";
import { say } from "./words.js";

const part = (name) => document.getElementById(`machine-${name}`);

/** One machine, large: the last hour, and everything known of it. Opened from its tile, closed by Escape or a button. */
export class Machine {
  #dialog = document.getElementById("machine");
  #clock;
  #sensor = null;
  #points = null;
  #chart = null;

  constructor(clock) {
    this.#clock = clock;
    part("close").addEventListener("click", () => this.#dialog.close());
    part("history").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#close());
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
  }

  get sensorId() {
    return this.#sensor?.id ?? null;
  }

  async open(sensor, statistic) {
    this.#dialog.showModal();
    const points = new Points();
    this.#points = points;
    this.show(sensor, statistic);
    const nowS = () => this.#clock.now() / 1000;
    this.#chart = new Chart(part("chart"), hourOptions(() => this.#sensor, nowS), points.columns);
    try {
      await points.load(sensor.id);
    } catch {
      return; // the connection is gone, which the page says elsewhere
    }
    if (this.#points === points) this.#chart?.show(points.columns);
  }

  show(sensor, statistic) {
    this.#sensor = sensor;
    this.#points.add(sensor.at_ms / 1000, sensor.celsius);
    this.#chart?.show(this.#points.columns);
    const name = sensor.name || sensor.id;
    write(part("name"), name);
    this.showAge();
    part("chart").setAttribute("aria-label", say("Temperature of {machine} over the last hour", { machine: name }));
    part("history").href = `#history?${new URLSearchParams({ sensor: sensor.id })}`;
    showPairs(part("facts"), facts(sensor, statistic));
  }

  /** To be called each second: the age goes on also when the sensor says nothing. */
  showAge() {
    if (this.#sensor) write(part("summary"), summary(this.#sensor, this.#clock.now()));
  }

  #close() {
    this.#chart?.close();
    this.#chart = null;
    this.#points = null;
    this.#sensor = null;
  }
}

function summary(sensor, nowMs) {
  const words = [temperature(sensor.celsius), levelWord(sensor)];
  if (sensor.rate !== null && sensor.trend) words.push(`${trendWord(sensor)}, ${rate(sensor.rate)}`);
  words.push(ago(nowMs - measuredMs(sensor)));
  return words.join(" · ");
}

function facts(sensor, statistic) {
  const pairs = [
    [say("Sensor"), sensor.id],
    [say("Source"), sensor.simulated ? say("{source} (simulated)", { source: sensor.source }) : sensor.source],
    [say("Measured"), momentOf(sensor.at_ms)],
    [say("Critical above"), temperature(sensor.limit)],
  ];
  if (Number.isFinite(sensor.warn)) pairs.push([say("Warning above"), temperature(sensor.warn)]);
  if (sensor.min !== null) pairs.push([say("Lowest of the hour"), temperature(sensor.min)]);
  if (sensor.max !== null) pairs.push([say("Highest of the hour"), temperature(sensor.max)]);
  if (statistic) {
    pairs.push([say("Mean of the last minute"), temperature(statistic.mean)]);
    pairs.push([say("Of that minute above 80 °C"), percent(statistic.share_above)]);
  }
  return pairs;
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

import { Chart, sparkOptions } from "./chart.js";
import { ago, degrees, rate } from "./measures.js";
import { Points } from "./points.js";
import { say } from "./words.js";

const LEVELS = {
  normal: () => say("Normal"),
  warning: () => say("Warning"),
  critical: () => say("Critical"),
};
const STALE = {
  normal: () => say("No data"),
  warning: () => say("No data, was at warning"),
  critical: () => say("No data, was critical"),
};
const TRENDS = {
  rising: () => say("rising"),
  falling: () => say("falling"),
  steady: () => say("steady"),
};

export const levelWord = (sensor) => (sensor.stale ? STALE : LEVELS)[sensor.level]();
export const trendWord = (sensor) => (sensor.trend ? TRENDS[sensor.trend]() : "");

/** One machine in the grid. It writes to its element and never reads from it; what did not change is not written. */
export class Tile {
  #parts;
  #written = new Map();
  #points = null;
  #chart = null;

  /** @param {HTMLTemplateElement} template */
  constructor(template, sensor, open) {
    this.element = template.content.firstElementChild.cloneNode(true);
    const part = (selector) => this.element.querySelector(selector);
    this.#parts = {
      name: part(".name"),
      icon: part(".state use"),
      state: part(".state span"),
      celsius: part(".celsius"),
      trend: part(".trend"),
      arrow: part(".trend use"),
      rate: part(".trend span"),
      spark: part(".spark"),
      range: part(".range"),
      age: part(".age"),
      marks: part(".marks"),
    };
    this.sensor = sensor;
    this.element.dataset.sensor = sensor.id;
    this.#parts.name.addEventListener("click", () => open(this.sensor.id));
  }

  show(sensor, nowMs) {
    this.sensor = sensor;
    const { name, icon, state, celsius, trend, arrow, rate: slope, range } = this.#parts;
    this.#data("level", sensor.level);
    this.#data("stale", sensor.stale ? "yes" : "no");
    this.#data("simulated", sensor.simulated ? "yes" : "no");
    this.#text(name, sensor.name || sensor.id);
    this.#text(state, levelWord(sensor));
    this.#icon(icon, sensor.stale ? "stale" : sensor.level);
    const written = degrees(sensor.celsius, [sensor.limit, sensor.warn].filter(Number.isFinite));
    this.#text(celsius, written);
    this.#data("long", written.length > 5 ? "yes" : "no");
    this.#data("trend", sensor.trend ?? "none");
    if (sensor.trend) this.#icon(arrow, sensor.trend);
    this.#text(slope, sensor.rate === null ? "" : rate(sensor.rate));
    this.#attribute(trend, "title", trendWord(sensor));
    this.#text(range, hourRange(sensor));
    this.#marks(sensor);
    this.showAge(nowMs);
    if (this.#points) this.#points.add(sensor.at_ms / 1000, sensor.celsius);
  }

  showAge(nowMs) {
    this.#text(this.#parts.age, ago(nowMs - measuredMs(this.sensor)));
  }

  /** Draw the last ten minutes, from now on until `conceal`; what happened before comes from the server. */
  async reveal(nowS) {
    if (this.#points) return;
    const points = new Points();
    this.#points = points;
    points.add(this.sensor.at_ms / 1000, this.sensor.celsius);
    this.#chart = new Chart(this.#parts.spark, sparkOptions(() => this.sensor, nowS), points.columns);
    try {
      await points.load(this.sensor.id);
    } catch {
      return; // the connection is gone, which the page says elsewhere
    }
    if (this.#points === points) this.draw();
  }

  draw() {
    this.#chart?.show(this.#points.columns);
  }

  conceal() {
    this.#chart?.close();
    this.#chart = null;
    this.#points = null;
  }

  #marks(sensor) {
    const words = [
      sensor.simulated && say("Simulated"),
      sensor.unsynced && say("Clock not set"),
      sensor.replayed && say("Delivered late"),
    ].filter(Boolean);
    const key = words.join();
    if (this.#written.get("marks") === key) return;
    this.#written.set("marks", key);
    this.#parts.marks.replaceChildren(...words.map(mark));
  }

  #text(node, value) {
    if (this.#written.get(node) === value) return;
    this.#written.set(node, value);
    node.textContent = value;
  }

  #data(name, value) {
    if (this.#written.get(name) === value) return;
    this.#written.set(name, value);
    this.element.dataset[name] = value;
  }

  #icon(node, name) {
    this.#attribute(node, "href", `#i-${name}`);
  }

  #attribute(node, name, value) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
}

/** When a reading was measured, by the clock to trust: the device's, or ours where that one is not set. */
export function measuredMs(sensor) {
  return sensor.unsynced ? sensor.seen_ms : sensor.at_ms;
}

export function hourRange({ min, max }) {
  if (min === null || max === null) return "";
  return say("1 h: {low} to {high} °C", { low: degrees(min), high: degrees(max) });
}

function mark(word) {
  const badge = document.createElement("span");
  badge.className = "mark";
  badge.textContent = word;
  return badge;
}

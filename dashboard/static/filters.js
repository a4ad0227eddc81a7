import { integer, say } from "./words.js";

/** The states in the order of their urgency. A silent machine counts as silent only. */
const STATES = [
  ["all", () => say("All"), () => true],
  ["critical", () => say("Critical"), (one) => !one.stale && one.level === "critical"],
  ["warning", () => say("Warning"), (one) => !one.stale && one.level === "warning"],
  ["normal", () => say("Normal"), (one) => !one.stale && one.level === "normal"],
  ["stale", () => say("No data"), (one) => one.stale],
];

/** How many machines are in each state; a press shows only those. */
export class Filters {
  #buttons = new Map();
  #pressed = "all";
  #text = "";
  #changed;

  constructor(group, find, changed) {
    this.#changed = changed;
    for (const [state, words] of STATES) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.state = state;
      const count = document.createElement("b");
      count.textContent = "0";
      button.append(count, ` ${words()}`);
      button.addEventListener("click", () => this.#press(state));
      group.append(button);
      this.#buttons.set(state, { button, count });
    }
    find.addEventListener("input", () => {
      this.#text = find.value.trim().toLocaleLowerCase();
      this.#changed();
    });
    this.#tell();
  }

  wants(sensor) {
    const matches = STATES.find(([state]) => state === this.#pressed)[2];
    if (!matches(sensor)) return false;
    return !this.#text || `${sensor.name}\n${sensor.id}`.toLocaleLowerCase().includes(this.#text);
  }

  count(sensors) {
    const counts = new Map(STATES.map(([state]) => [state, 0]));
    for (const sensor of sensors) {
      const state = sensor.stale ? "stale" : sensor.level;
      counts.set("all", counts.get("all") + 1);
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    for (const [state, { count, button }] of this.#buttons) {
      const words = integer(counts.get(state));
      if (count.textContent !== words) count.textContent = words;
      button.dataset.none = counts.get(state) ? "no" : "yes";
    }
  }

  #press(state) {
    this.#pressed = this.#pressed === state ? "all" : state;
    this.#tell();
    this.#changed();
  }

  #tell() {
    for (const [state, { button }] of this.#buttons) button.setAttribute("aria-pressed", String(state === this.#pressed));
  }
}

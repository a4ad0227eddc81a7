import { Chart, dayOptions } from "./chart.js";
import { dayName, hourOfUtc, temperature, timeIn } from "./measures.js";
import { say } from "./words.js";

const POINTS = 1200;
const DAY_S = 86_400;
const SHORTEST_S = 60;
const KEYS = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", 0: "reset" };

const part = (id) => document.getElementById(id);

/** The view of one machine on one day; the address after # holds all of it, so that it can be sent to somebody. */
export class History {
  #sensors;
  #place = null; // {sensor, day, from, to}; from and to in seconds, null for the whole day
  #chart = null;
  #asked = 0;
  #hours = "";

  /** @param sensors gives the machines that are known now, as {id, name, limit, warn} */
  constructor(sensors) {
    this.#sensors = sensors;
    part("pick").addEventListener("submit", (event) => event.preventDefault());
    part("pick-sensor").addEventListener("change", () => this.#go({ sensor: part("pick-sensor").value }));
    part("pick-day").addEventListener("change", () => this.#go({ day: part("pick-day").value, from: null, to: null }));
    for (const button of document.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => this.#zoom(button.dataset.zoom));
    }
    part("history-chart").addEventListener("keydown", (event) => {
      const zoom = KEYS[event.key];
      if (!zoom || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#zoom(zoom);
    });
  }

  /** Show what the address says: `history?sensor=S1&day=2026-11-22&from=…&to=…`. */
  async show(query) {
    if (part("history").dataset.kept === "no") return this.#report(notKept());
    const wanted = new URLSearchParams(query);
    const seconds = (name) => (wanted.get(name) ? Number(wanted.get(name)) : null);
    const days = await this.#days();
    const day = wanted.get("day") ?? days[0] ?? null;
    const sensor = await this.#offerSensors(wanted.get("sensor"), day);
    offer(part("pick-day"), [...new Set([...days, day].filter(Boolean))].map((one) => [one, dayName(one)]), day);
    this.#place = { sensor, day, from: seconds("from"), to: seconds("to") };
    if (!day || !sensor) return this.#report(notKept());
    await this.#load();
  }

  close() {
    this.#chart?.close();
    this.#chart = null;
    this.#place = null;
  }

  /** The machine that is shown, by its id; null: none. */
  get sensorId() {
    return this.#place?.sensor ?? null;
  }

  /** The machines' names have come, or changed: the picker shall have them. */
  async name() {
    if (this.#place) await this.#offerSensors(this.#place.sensor, this.#place.day);
  }

  async #days() {
    const answer = await this.#ask("/api/history/days");
    return answer?.days ?? [];
  }

  async #offerSensors(wanted, day) {
    const answer = day ? await this.#ask(`/api/history/sensors?${new URLSearchParams({ day })}`, true) : null;
    const known = new Map(this.#sensors().map(({ id, name }) => [id, name || id])); // as they are after the answer
    for (const id of answer?.sensors ?? []) if (!known.has(id)) known.set(id, id);
    if (wanted && !known.has(wanted)) known.set(wanted, wanted);
    const sorted = [...known].sort(([, a], [, b]) => a.localeCompare(b, undefined, { numeric: true }));
    const chosen = wanted ?? sorted[0]?.[0] ?? null;
    offer(part("pick-sensor"), sorted, chosen);
    return chosen;
  }

  async #load() {
    const { sensor, day, from, to } = this.#place;
    const query = new URLSearchParams({ sensor, day, points: POINTS });
    if (from !== null) query.set("from", from);
    if (to !== null) query.set("to", to);
    part("csv").href = `/api/history.csv?${new URLSearchParams({ sensor, day })}`;
    const asked = ++this.#asked;
    const found = await this.#ask(`/api/history?${query}`);
    if (asked !== this.#asked || !found) return; // another question was asked meanwhile
    if (!found.t.length) return this.#report(say("Nothing was recorded in this time."));
    this.#report("");
    this.#draw(withGaps(found));
    part("history-summary").textContent = summary(found, this.#span());
    showHours(found);
  }

  #draw({ t, min, max, mean }) {
    const data = [t, min, max, mean];
    part("history-chart").setAttribute("aria-label", say("Temperature of {machine} on {day}", this.#names()));
    if (this.#chart) return this.#chart.show(data);
    const options = dayOptions(
      () => this.#limits(),
      () => this.#span(),
      (from, to) => this.#go({ from, to }),
      () => this.#zoom("reset"),
    );
    this.#chart = new Chart(part("history-chart"), options, data);
  }

  #names() {
    const { sensor, day } = this.#place;
    return { machine: part("pick-sensor").selectedOptions[0]?.textContent ?? sensor, day: dayName(day) };
  }

  #limits() {
    return this.#sensors().find(({ id }) => id === this.#place.sensor) ?? { limit: 80, warn: null };
  }

  #span() {
    const midnight = Date.parse(`${this.#place.day}T00:00:00Z`) / 1000;
    return [this.#place.from ?? midnight, this.#place.to ?? midnight + DAY_S];
  }

  #zoom(kind) {
    const midnight = Date.parse(`${this.#place.day}T00:00:00Z`) / 1000;
    const [from, to] = this.#span();
    const width = to - from;
    if (kind === "reset") return this.#go({ from: null, to: null });
    const move = { left: -width / 4, right: width / 4 }[kind] ?? 0;
    const grow = { in: -width / 4, out: width / 2 }[kind] ?? 0;
    return this.#go({
      from: Math.max(midnight, from + Math.max(move, midnight - from) - grow),
      to: Math.min(midnight + DAY_S, to + Math.min(move, midnight + DAY_S - to) + grow),
    });
  }

  /** Change the address; it brings us back to `show`. */
  #go(change) {
    const next = { ...this.#place, ...change };
    const query = new URLSearchParams();
    for (const name of ["sensor", "day"]) if (next[name]) query.set(name, next[name]);
    if (next.from !== null && next.to !== null && next.to - next.from < DAY_S) {
      const middle = (next.from + next.to) / 2;
      const half = Math.max(next.to - next.from, SHORTEST_S) / 2;
      query.set("from", Math.round(middle - half));
      query.set("to", Math.round(middle + half));
    }
    location.hash = `history?${query}`;
  }

  #report(words) {
    part("history-says").textContent = words;
    part("history-says").hidden = !words;
    part("history-found").hidden = Boolean(words);
    part("csv").hidden = Boolean(words);
    part("pick").hidden = !this.#place?.day;
  }

  async #ask(url, quietly = false) {
    try {
      const answer = await fetch(url);
      const found = await answer.json();
      if (answer.ok) return found;
      if (!quietly) this.#report(answer.status === 404 ? say("Nothing was recorded in this time.") : found.error);
    } catch {
      if (!quietly) this.#report(say("The dashboard's server does not answer."));
    }
    return null;
  }
}

/** Five times the usual step without a reading is a gap. */
function withGaps({ t, min, max, mean }) {
  const steps = t.slice(1).map((second, index) => second - t[index]);
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)];
  const found = { t: [], min: [], max: [], mean: [] };
  t.forEach((second, index) => {
    if (index > 0 && steps[index - 1] > 5 * usual) add(found, second - steps[index - 1] / 2, null, null, null);
    add(found, second, min[index], max[index], mean[index]);
  });
  return found;
}

function add(columns, t, min, max, mean) {
  columns.t.push(t);
  columns.min.push(min);
  columns.max.push(max);
  columns.mean.push(mean);
}

function notKept() {
  return say(
    "No history is kept yet. Start the pipeline and the dashboard with --history and the same folder.",
  );
}

function offer(select, choices, chosen) {
  select.replaceChildren(...choices.map(([value, words]) => new Option(words, value, false, value === chosen)));
}

function summary({ t, min, max, mean }, [from, to]) {
  const time = timeIn(from, to);
  const low = min.indexOf(min.reduce((a, b) => Math.min(a, b)));
  const high = max.indexOf(max.reduce((a, b) => Math.max(a, b)));
  return say("Lowest {low} at {low_at}, highest {high} at {high_at}, mean {mean} (times in UTC).", {
    low: temperature(min[low]),
    low_at: time(t[low] * 1000),
    high: temperature(max[high]),
    high_at: time(t[high] * 1000),
    mean: temperature(mean.reduce((sum, value) => sum + value, 0) / mean.length),
  });
}

function showHours({ t, min, max, mean }) {
  const hours = new Map();
  t.forEach((second, index) => {
    const hour = Math.floor(second / 3600);
    const row = hours.get(hour) ?? { low: Infinity, high: -Infinity, sum: 0, count: 0 };
    row.low = Math.min(row.low, min[index]);
    row.high = Math.max(row.high, max[index]);
    row.sum += mean[index];
    row.count += 1;
    hours.set(hour, row);
  });
  part("hours").replaceChildren(...[...hours].map(([hour, row]) => hourRow(hour, row)));
}

function hourRow(hour, { low, high, sum, count }) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = hourOfUtc(hour * 3_600_000);
  row.append(head);
  for (const celsius of [low, sum / count, high]) row.insertCell().textContent = temperature(celsius);
  return row;
}

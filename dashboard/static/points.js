const HOUR_S = 3600;
// A silence this long, and this many times as long as the step before it, is drawn as a gap: a line across it would
// be one that nobody measured. A sensor that speaks once a minute has no gaps.
const GAP_S = 15;
const GAP_STEPS = 5;

/** The last hour of one machine, for its charts: times in seconds, temperatures or null where there is a gap. */
export class Points {
  #t = [];
  #celsius = [];
  #step = Infinity;

  /** Fill in what the server remembers, before what has arrived since. */
  async load(sensorId) {
    const answer = await fetch(`/api/recent/${encodeURIComponent(sensorId)}`);
    if (!answer.ok) return;
    const { t, celsius } = await answer.json();
    const later = this.#t.map((at, index) => [at, this.#celsius[index]]).filter(([, value]) => value !== null);
    this.#t = [];
    this.#celsius = [];
    this.#step = Infinity;
    t.forEach((at, index) => this.add(at, celsius[index]));
    later.forEach(([at, value]) => this.add(at, value));
  }

  /** Add a reading; one that is not newer than the last is left out, because a chart only goes to the right. */
  add(t, celsius) {
    const last = this.#t.at(-1);
    if (last !== undefined && t <= last) return;
    const step = t - (last ?? t);
    if (step > GAP_S && step > GAP_STEPS * this.#step) {
      this.#t.push((last + t) / 2);
      this.#celsius.push(null);
    }
    if (step) this.#step = step;
    this.#t.push(t);
    this.#celsius.push(celsius);
    if (this.#t.length > 64 && t - this.#t[64] > HOUR_S) {
      this.#t.splice(0, 64);
      this.#celsius.splice(0, 64);
    }
  }

  get columns() {
    return [this.#t, this.#celsius];
  }
}

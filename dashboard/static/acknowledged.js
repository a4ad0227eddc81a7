import { recall, remember, whenRemembered } from "./memory.js";

const NAME = "acknowledged";
const GAP_MS = 30_000;
const MOST = 3000;
const SAVE_EVERY_MS = 5000;

/**
 * What a person has seen: for each machine and kind the stretches of time that were acknowledged.
 *
 * A stretch, not a number of a record: a happening that goes on stays acknowledged, also after the page was loaded
 * anew and only its newest records are known, and a second witness of the same happening calls nobody again.
 * Kept in this browser, and shared by its tabs.
 */
export class Acknowledged {
  #stretches = new Map(); // `sensor\nkind` -> [{from, to}]
  #savedAt = 0;

  constructor(changed) {
    this.#read();
    whenRemembered(NAME, () => {
      this.#read();
      changed();
    });
  }

  has(span) {
    const stretch = this.#of(span);
    if (!stretch) return false;
    // It goes on, or a witness told of an earlier beginning: so does what was acknowledged.
    if (span.end > stretch.to || span.began < stretch.from) this.#stretch(stretch, span);
    return true;
  }

  add(spans) {
    for (const span of spans) {
      const stretch = this.#of(span);
      if (stretch) this.#stretch(stretch, span);
      else this.#keep(span.sensor, span.kind, span.began, span.end);
    }
    this.#save();
  }

  #of({ sensor, kind, began, end }) {
    const known = this.#stretches.get(`${sensor}\n${kind}`) ?? [];
    return known.find((one) => began <= one.to + GAP_MS && end >= one.from - GAP_MS);
  }

  #keep(sensor, kind, from, to) {
    const key = `${sensor}\n${kind}`;
    this.#stretches.set(key, [...(this.#stretches.get(key) ?? []), { sensor, kind, from, to }]);
  }

  #stretch(stretch, { began, end }) {
    stretch.from = Math.min(stretch.from, began);
    stretch.to = Math.max(stretch.to, end);
    if (performance.now() - this.#savedAt > SAVE_EVERY_MS) this.#save();
  }

  #save() {
    this.#savedAt = performance.now();
    const newest = [...this.#stretches.values()].flat().sort((a, b) => b.to - a.to);
    if (newest.length > MOST) this.#fill(newest.slice(0, MOST));
    remember(NAME, newest.slice(0, MOST));
  }

  #read() {
    const kept = recall(NAME);
    this.#fill(Array.isArray(kept) ? kept : []);
  }

  #fill(stretches) {
    this.#stretches.clear();
    for (const { sensor, kind, from, to } of stretches) this.#keep(sensor, kind, from, to);
  }
}

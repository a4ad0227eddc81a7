/** Witnesses of one happening may be this far apart in the readings' own time. */
const GAP_MS = 30_000;
const MOST = 3000; // more than there are machines, so that those of now push each other out last

/**
 * What happened to the machines: one span for each time that one of them was too hot, heated fast or was silent.
 *
 * Readings above the limit, warnings of the alert job and incidents of the pipeline tell of the same happenings, at
 * different times and more than once. Those of one machine and kind that overlap are one span, so that a person is
 * called once. All times are the readings' own, as milliseconds since 1970.
 */
export class Spans {
  #all = new Map(); // `sensor\nkind` -> spans, oldest first
  #count = 0;
  #next = 1;

  /**
   * Take what a witness says.
   *
   * @param {{sensor: string, kind: string, began: number, end: number, peak: ?number, incident: ?string,
   *          open: ?boolean}} told `open` is known of incidents only
   * @returns {object} the span it belongs to; `isNew` until somebody has said otherwise
   */
  add(told) {
    const key = `${told.sensor}\n${told.kind}`;
    const spans = this.#all.get(key) ?? [];
    this.#all.set(key, spans);
    const touched = spans.filter((one) => belongs(one, told));
    if (!touched.length) return this.#begin(spans, told);
    const [first, ...others] = touched;
    for (const other of others) {
      join(first, other);
      spans.splice(spans.indexOf(other), 1);
      this.#count -= 1;
    }
    join(first, told);
    return first;
  }

  /** All spans, the one that ended last first; `isHot(sensor)` tells whether its newest reading is above the limit. */
  list(isHot) {
    const found = [];
    for (const spans of this.#all.values()) {
      for (const span of spans) {
        const isLast = span === spans.at(-1);
        span.isOpen = span.open === true || (span.kind === "overheating" && isLast && isHot(span.sensor));
        found.push(span);
      }
    }
    return found.sort((a, b) => b.isOpen - a.isOpen || b.end - a.end || b.id - a.id);
  }

  clear() {
    this.#all.clear();
    this.#count = 0;
  }

  #begin(spans, told) {
    const span = { ...told, id: this.#next++, isNew: true };
    spans.push(span);
    spans.sort((a, b) => a.began - b.began);
    this.#count += 1;
    if (this.#count > MOST) this.#forgetOldest();
    return span;
  }

  #forgetOldest() {
    let oldest = null;
    for (const [key, spans] of this.#all) if (!oldest || spans[0].end < this.#all.get(oldest)[0].end) oldest = key;
    const spans = this.#all.get(oldest);
    spans.shift();
    this.#count -= 1;
    if (!spans.length) this.#all.delete(oldest);
  }
}

function belongs(span, told) {
  if (told.incident && span.incident === told.incident) return true;
  return told.began <= span.end + GAP_MS && told.end >= span.began - GAP_MS;
}

function join(span, told) {
  span.began = Math.min(span.began, told.began);
  span.end = Math.max(span.end, told.end);
  if (told.peak !== null && (span.peak === null || told.peak > span.peak)) span.peak = told.peak;
  if (told.incident) Object.assign(span, { incident: told.incident, open: told.open });
}

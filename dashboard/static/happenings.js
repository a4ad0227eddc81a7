import { Acknowledged } from "./acknowledged.js";
import { Spans } from "./spans.js";
import { measuredMs } from "./tile.js";

/**
 * What a person is to be told: three witnesses (the newest readings, the alert job, the pipeline) made into one list.
 *
 * What is still going on, or began while this page was open, calls until it is acknowledged. What was over before the
 * page was opened is listed and calls nobody; a silence is listed only, because its tile has turned grey.
 */
export class Happenings {
  #spans = new Spans();
  #acknowledged;
  #sensors;
  #isFirst = true;
  #isNews = false;

  /** @param sensors the newest state of each machine, by id */
  constructor(sensors, changed) {
    this.#sensors = sensors;
    this.#acknowledged = new Acknowledged(changed);
  }

  /** Take a message of the server. Returns whether it told of something that was not known before. */
  take({ sensors = [], alerts = [], incidents = [] }, nowMs) {
    this.#isNews = incidents.length > 0;
    const hot = sensors.filter((one) => one.level === "critical" && !one.stale);
    hot.forEach((one) => this.#saw(one.id, measuredMs(one), one.celsius));
    for (const { sensor, celsius, at_ms: at } of alerts) {
      // Where the device's clock is not set, the tile is the witness: the alert has a time of no meaning.
      if (!this.#sensors.get(sensor)?.unsynced) this.#saw(sensor, at ?? nowMs, celsius);
    }
    for (const one of incidents) {
      const end = Math.max(one.at_ms, one.began_ms + one.duration_s * 1000);
      this.#note({
        sensor: one.sensor,
        kind: one.kind,
        began: one.began_ms,
        end,
        peak: one.peak_celsius,
        incident: one.id,
        open: one.open,
      });
    }
    this.#isFirst = false;
    return this.#isNews;
  }

  list() {
    return this.#spans.list((id) => {
      const sensor = this.#sensors.get(id);
      return sensor !== undefined && sensor.level === "critical" && !sensor.stale;
    });
  }

  /** Whether a span of `list` waits for a person. */
  calls(span) {
    if (span.kind === "silent" || this.#acknowledged.has(span)) return false;
    return span.isOpen || span.isFresh;
  }

  acknowledge(spans) {
    this.#acknowledged.add(spans);
  }

  #saw(sensor, at, celsius) {
    this.#note({ sensor, kind: "overheating", began: at, end: at, peak: celsius, incident: null, open: null });
  }

  #note(told) {
    const span = this.#spans.add(told);
    if (!span.isNew) return;
    span.isNew = false;
    this.#isNews = true;
    span.isFresh = !this.#isFirst;
  }
}

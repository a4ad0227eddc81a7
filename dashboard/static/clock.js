/**
 * The server's clock, as well as a browser can know it.
 *
 * Ages are told by the server's clock, because the one of a phone or a wall display may be minutes off. What arrives
 * is late by the way it took, so the newest of a few estimates is the best; the browser's monotonic clock carries it
 * on, because its wall clock may be set while the page is open.
 */
export class ServerClock {
  #offsets = [];
  #keep = 30;

  /** Take `now_ms` of a message that has just arrived. */
  hear(nowMs) {
    if (!Number.isFinite(nowMs)) return;
    const offset = nowMs - performance.now();
    // The server's own clock was set: what was heard before is of no use.
    if (this.#offsets.length && Math.abs(offset - Math.max(...this.#offsets)) > 60_000) this.#offsets = [];
    this.#offsets.push(offset);
    if (this.#offsets.length > this.#keep) this.#offsets.shift();
  }

  /** Milliseconds since 1970; the browser's own until the server has said its. */
  now() {
    return this.#offsets.length ? performance.now() + Math.max(...this.#offsets) : Date.now();
  }
}

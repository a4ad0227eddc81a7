/** Nothing for this long (the server says something every 2 s) and the connection is taken for dead. */
const SILENCE_MS = 6000;
const AGAIN_MS = 1000;

/**
 * The events of the server, for ever.
 *
 * `EventSource` opens again by itself after a clean end, but not after an answer it does not like (a proxy's 502), and
 * it never notices a line that died without a word: so silence is watched for, and a new one is made.
 */
export class Stream {
  #url;
  #hear;
  #source = null;
  #heardAt = 0;
  #triedAt = 0;

  /**
   * @param {string} url
   * @param {{snapshot: Function, delta: Function, ping: Function, up: Function, down: Function}} hear
   */
  constructor(url, hear) {
    this.#url = url;
    this.#hear = hear;
  }

  start() {
    this.#open();
    setInterval(() => this.#watch(), AGAIN_MS);
    // A phone that slept: its timers stood still, and so may its connection.
    document.addEventListener("visibilitychange", () => this.#watch());
  }

  #open() {
    this.#source?.close();
    this.#triedAt = performance.now();
    this.#source = new EventSource(this.#url);
    for (const kind of ["snapshot", "delta", "ping"]) {
      this.#source.addEventListener(kind, (event) => this.#take(kind, event));
    }
    this.#source.addEventListener("error", () => this.#lost());
  }

  #take(kind, event) {
    this.#heardAt = performance.now();
    const data = event.data ? JSON.parse(event.data) : {};
    this.#hear[kind](data);
    if (kind === "snapshot") this.#hear.up();
  }

  #lost() {
    this.#hear.down();
    this.#heardAt = 0;
  }

  #watch() {
    const now = performance.now();
    const silent = now - Math.max(this.#heardAt, this.#triedAt) > SILENCE_MS;
    const closed = this.#source.readyState === EventSource.CLOSED && now - this.#triedAt > AGAIN_MS;
    if (!silent && !closed) return;
    this.#lost();
    this.#open();
  }
}

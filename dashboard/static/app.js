/** The only wiring: what the server says goes to the parts of the page that show it. */

import { Alarm } from "./alarm.js";
import { Banners } from "./banners.js";
import { ServerClock } from "./clock.js";
import { Filters } from "./filters.js";
import { showGateways } from "./gateways.js";
import { Happenings } from "./happenings.js";
import { History } from "./history.js";
import { Machine } from "./machine.js";
import { timeOf } from "./measures.js";
import { recall, remember } from "./memory.js";
import { showSkipped } from "./skipped.js";
import { Sound } from "./sound.js";
import { Stream } from "./stream.js";
import { startTheme } from "./theme.js";
import { Tiles } from "./tiles.js";
import { Views } from "./views.js";
import { Warnings } from "./warnings.js";
import { say } from "./words.js";

const part = (id) => document.getElementById(id);

class Page {
  #clock = new ServerClock();
  #sensors = new Map();
  #stats = {};
  #kafka = { up: true };
  #gateways = [];
  #skipped = {};
  #link = "connecting";
  #lostAt = null;
  #listed = false; // whether the list of warnings is up to date
  #filters = new Filters(part("filters"), part("find"), () => this.#filter());
  #machine = new Machine(this.#clock);
  #tiles = new Tiles(part("tiles"), part("tile"), this.#clock, (id) =>
    this.#machine.open(this.#sensors.get(id), this.#stats[id]),
  );
  #happenings = new Happenings(this.#sensors, () => this.#call());
  #alarm = new Alarm(new Sound(part("sound")), () => this.#acknowledge(this.#calling()));
  #warnings = new Warnings(part("warnings"), part("no-warnings"), (spans) => this.#acknowledge(spans));
  #history = new History(() => [...this.#sensors.values()]);
  #banners = new Banners(part("banners"));

  start() {
    startTheme(part("theme"));
    this.#startPin();
    startLanguageLinks();
    new Views(this.#history).start();
    const take = (data) => this.#take(data);
    new Stream("/events", {
      snapshot: (data) => this.#begin(data),
      delta: take,
      ping: take,
      up: () => this.#linked(true),
      down: () => this.#linked(false),
    }).start();
    setInterval(() => this.#everySecond(), 1000);
  }

  /** A snapshot: what it does not have is gone. */
  #begin(data) {
    const known = new Set(data.sensors.map((sensor) => sensor.id));
    for (const id of this.#sensors.keys()) if (!known.has(id)) this.#sensors.delete(id);
    this.#tiles.keepOnly(known);
    this.#stats = {};
    this.#skipped = {};
    this.#take({ kafka: { up: true }, gateways: [], ...data });
    this.#history.name();
  }

  #take(data) {
    this.#clock.hear(data.now_ms);
    const { sensors = [], gone = [] } = data;
    gone.forEach((id) => this.#sensors.delete(id));
    const shown = sensors.find((sensor) => sensor.id === this.#history.sensorId);
    const isNamedAnew = shown && this.#sensors.get(shown.id)?.name !== shown.name; // heard of only now, perhaps
    sensors.forEach((sensor) => this.#sensors.set(sensor.id, sensor));
    Object.assign(this.#stats, data.stats);
    if (data.kafka) this.#kafka = data.kafka;
    if (data.gateways) this.#gateways = data.gateways;
    if (data.skipped) this.#skipped = data.skipped;
    if (sensors.length || gone.length) this.#tiles.update(sensors, gone);
    if (this.#happenings.take(data, this.#clock.now())) this.#call();
    const open = sensors.find((sensor) => sensor.id === this.#machine.sensorId);
    if (open) this.#machine.show(open, this.#stats[open.id]);
    if (data.kafka || data.gateways || data.skipped) this.#tell();
    if (sensors.length || gone.length) this.#count();
    if (isNamedAnew) this.#history.name();
  }

  #linked(isUp) {
    if (!isUp && this.#link !== "down") this.#lostAt = this.#clock.now();
    this.#link = isUp ? "up" : "down";
    this.#tell();
  }

  /** The parts that tell how it is with the way of the readings. */
  #tell() {
    const now = this.#clock.now();
    this.#banners.show(this.#causes(), now);
    const state = this.#link === "up" && !this.#kafka.up ? "waiting" : this.#link;
    const words = {
      up: () => say("Live"),
      waiting: () => say("Kafka is away"),
      down: () => say("Not connected"),
      connecting: () => say("Connecting …"),
    };
    part("link").dataset.state = state;
    if (part("link-words").textContent !== words[state]()) part("link-words").textContent = words[state]();
    document.body.dataset.link = state;
    showGateways(part("gateways"), part("no-gateways"), this.#gateways, now);
    showSkipped(part("skipped"), part("no-skipped"), this.#skipped);
  }

  #causes() {
    if (this.#link === "down") {
      const words = say("The connection to the dashboard's server is lost. What you see is old; it is tried again.");
      return [{ key: "server", kind: "down", words, since: this.#lostAt }];
    }
    const causes = [];
    if (!this.#kafka.up) {
      const words = say("Kafka does not answer. What you see is old; nothing is lost, the gateway keeps the readings.");
      causes.push({ key: "kafka", kind: "down", words, since: this.#kafka.since_ms || null });
    }
    for (const { url, up } of this.#gateways) {
      if (up) continue;
      const words = say("The gateway at {url} does not answer. Its machines may be unwatched.", { url });
      causes.push({ key: url, kind: "warning", words, since: null });
    }
    return causes;
  }

  #count() {
    this.#filters.count(this.#sensors.values());
    part("no-machines").hidden = this.#sensors.size > 0;
  }

  #filter() {
    this.#tiles.wanted = (sensor) => this.#filters.wants(sensor);
  }

  #calling() {
    return this.#happenings.list().filter((span) => this.#happenings.calls(span));
  }

  #acknowledge(spans) {
    this.#happenings.acknowledge(spans);
    this.#call();
    this.#list();
  }

  /** Call for what is new at once; the list follows with the next second. */
  #call() {
    this.#alarm.show(this.#calling(), (id) => this.#nameOf(id));
    if (!this.#listed) this.#list();
  }

  #list() {
    this.#listed = true;
    const happenings = this.#happenings;
    this.#warnings.show(happenings.list(), (id) => this.#nameOf(id), this.#clock.now(), (span) => happenings.calls(span));
  }

  #nameOf(id) {
    return this.#sensors.get(id)?.name || id;
  }

  #everySecond() {
    part("clock").textContent = timeOf(this.#clock.now());
    this.#tell();
    this.#call();
    this.#list();
    this.#listed = false;
    this.#machine.showAge();
  }

  #startPin() {
    const button = part("pin");
    const set = (isPinned) => {
      button.setAttribute("aria-pressed", String(isPinned));
      this.#tiles.pinning = isPinned;
    };
    set(recall("pin") !== false);
    button.addEventListener("click", () => {
      const isPinned = button.getAttribute("aria-pressed") !== "true";
      remember("pin", isPinned);
      set(isPinned);
    });
  }
}

/** The other language shows the same view, and is kept for the next visit. */
function startLanguageLinks() {
  for (const link of document.querySelectorAll(".languages a")) {
    link.addEventListener("click", () => {
      link.hash = location.hash;
      document.cookie = `lang=${link.lang}; path=/; max-age=31536000; samesite=strict`;
    });
  }
}

new Page().start();

import { Tile } from "./tile.js";
import { language } from "./words.js";

const CALM_EVERY_MS = 250; // how often tiles out of sight are written,
const CALM_TILES = 40; // and how many of them at once
const FEW = 4; // up to here tiles are as large as they can be
const MANY = 24; // from here on they are small
const CALM_MS = 10_000; // a machine that is no longer critical stays on top for that long, so that it does not hop

/** The grid. Only tiles that changed are touched: those in sight with the next frame, the others by and by. */
export class Tiles {
  #list;
  #template;
  #clock;
  #open;
  #tiles = new Map();
  #shown = new Set(); // sensor ids in sight
  #dirty = new Set();
  #requested = false;
  #hotUntil = new Map();
  #order = new Intl.Collator(language, { numeric: true });
  #watcher;
  #pinning = true;
  #arrangedFor = "";
  #wanted = () => true;

  constructor(list, template, clock, open) {
    this.#list = list;
    this.#template = template;
    this.#clock = clock;
    this.#open = open;
    this.#watcher = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "120px" });
    new ResizeObserver(() => this.#measure()).observe(list);
    setInterval(() => this.#everySecond(), 1000);
    setInterval(() => this.#showSomeOutOfSight(), CALM_EVERY_MS);
  }

  /** Bring the grid up to date with the sensors that changed and the ids that are gone. */
  update(sensors, gone) {
    gone.forEach((id) => this.#remove(id));
    let added = false;
    for (const sensor of sensors) {
      const tile = this.#tiles.get(sensor.id);
      if (tile) tile.next = sensor;
      else added = this.#add(sensor);
      this.#dirty.add(sensor.id);
      this.#filter(this.#tiles.get(sensor.id));
      if (sensor.level === "critical") this.#hotUntil.set(sensor.id, Infinity);
      else if (this.#hotUntil.get(sensor.id) === Infinity) this.#hotUntil.set(sensor.id, performance.now() + CALM_MS);
    }
    if (added || gone.length) {
      this.#list.dataset.size = sizeFor(this.#tiles.size);
      this.#measure();
    }
    if (added) this.arrange();
    this.#request();
  }

  /** Throw away what the server no longer knows. */
  keepOnly(ids) {
    for (const id of this.#tiles.keys()) if (!ids.has(id)) this.#remove(id);
  }

  set pinning(pinning) {
    this.#pinning = pinning;
    this.arrange();
  }

  /** Show only the sensors for which `wanted` is true. */
  set wanted(wanted) {
    this.#wanted = wanted;
    for (const tile of this.#tiles.values()) this.#filter(tile);
  }

  /** Put the tiles in order: by name, critical ones before the others; a tile that stands right is not moved. */
  arrange() {
    this.#arrangedFor = this.#pinned();
    const rank = (tile) => (this.#pinning && this.#hotUntil.has(tile.sensor.id) ? 0 : 1);
    const name = (tile) => tile.next.name || tile.next.id;
    const sorted = [...this.#tiles.values()].sort(
      (a, b) => rank(a) - rank(b) || this.#order.compare(name(a), name(b)) || (a.sensor.id < b.sensor.id ? -1 : 1),
    );
    const focused = document.activeElement;
    let place = this.#list.firstElementChild;
    for (const { element } of sorted) {
      if (element === place) place = place.nextElementSibling;
      else this.#list.insertBefore(element, place);
    }
    if (focused !== document.activeElement && this.#list.contains(focused)) focused.focus({ preventScroll: true });
  }

  /** Let the digits know how wide a tile is; called when the grid's size has changed, which is seldom. */
  #measure() {
    const tile = this.#list.querySelector(".tile:not([hidden])");
    if (tile) this.#list.style.setProperty("--tile-width", `${tile.offsetWidth}px`);
  }

  #add(sensor) {
    const tile = new Tile(this.#template, sensor, this.#open);
    tile.next = sensor;
    tile.show(sensor, this.#clock.now());
    this.#tiles.set(sensor.id, tile);
    this.#watcher.observe(tile.element);
    this.#list.append(tile.element);
    return true;
  }

  #remove(id) {
    const tile = this.#tiles.get(id);
    if (!tile) return;
    this.#watcher.unobserve(tile.element);
    tile.conceal();
    tile.element.remove();
    this.#tiles.delete(id);
    this.#shown.delete(id);
    this.#dirty.delete(id);
    this.#hotUntil.delete(id);
  }

  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      const tile = this.#tiles.get(target.dataset.sensor);
      if (!tile) continue;
      if (isIntersecting) {
        this.#shown.add(tile.sensor.id);
        this.#show(tile.sensor.id, this.#clock.now(), false);
        tile.reveal(() => this.#clock.now() / 1000);
      } else {
        this.#shown.delete(tile.sensor.id);
        tile.conceal();
      }
    }
  }

  #request() {
    if (this.#requested) return;
    this.#requested = true;
    requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    this.#requested = false;
    const now = this.#clock.now();
    for (const id of this.#shown) if (this.#dirty.has(id)) this.#show(id, now, true);
    if (this.#arrangedFor !== this.#pinned()) this.arrange();
  }

  #showSomeOutOfSight() {
    const now = this.#clock.now();
    let left = CALM_TILES;
    for (const id of this.#dirty) {
      if (this.#shown.has(id)) continue;
      if (left-- === 0) break;
      this.#show(id, now, false);
    }
  }

  #show(id, now, inSight) {
    this.#dirty.delete(id);
    const tile = this.#tiles.get(id);
    tile.show(tile.next, now);
    if (inSight) tile.draw();
  }

  #filter(tile) {
    const hidden = !this.#wanted(tile.next);
    if (tile.element.hidden !== hidden) tile.element.hidden = hidden;
  }

  #pinned() {
    return this.#pinning ? [...this.#hotUntil.keys()].join("\n") : "";
  }

  #everySecond() {
    const now = this.#clock.now();
    for (const id of this.#shown) {
      const tile = this.#tiles.get(id);
      tile.showAge(now);
      if (tile.sensor.stale) tile.draw(); // its line moves to the left all the same
    }
    for (const [id, until] of this.#hotUntil) if (performance.now() > until) this.#hotUntil.delete(id);
    if (this.#arrangedFor !== this.#pinned()) this.arrange();
  }
}

function sizeFor(count) {
  if (count > MANY) return "many";
  return count > FEW ? "some" : "few";
}

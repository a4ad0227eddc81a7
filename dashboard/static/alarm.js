import { say, sayMany } from "./words.js";

const NAMED = 3;

/** The bar on top, the number before the page's title, the horn and the words for a screen reader. */
export class Alarm {
  #bar = document.getElementById("alarm");
  #words = document.getElementById("alarm-words");
  #machines = document.getElementById("alarm-machines");
  #announcer = document.getElementById("announcer");
  #title = document.title;
  #sound;
  #called = new Set();
  #shown = "";

  constructor(sound, acknowledge) {
    this.#sound = sound;
    document.getElementById("acknowledge-all").addEventListener("click", acknowledge);
  }

  /** Call for `spans`, which nobody has acknowledged; `nameOf(sensor)` is the machine. */
  show(spans, nameOf) {
    const names = [...new Set(spans.map((span) => nameOf(span.sensor)))];
    const fresh = spans.filter((span) => !this.#called.has(span.id));
    this.#called = new Set(spans.map((span) => span.id));
    if (spans.length) this.#sound.start();
    else this.#sound.stop();
    if (fresh.length) {
      const machines = [...new Set(fresh.map((span) => nameOf(span.sensor)))];
      this.#announcer.textContent = say("New warning: {machines}", { machines: listed(machines) });
    }
    const count = sayMany("{n} new warning", "{n} new warnings", spans.length);
    const key = `${spans.length} ${listed(names)}`;
    if (key === this.#shown) return;
    this.#shown = key;
    document.title = spans.length ? `(${spans.length}) ${this.#title}` : this.#title;
    this.#bar.hidden = !spans.length;
    this.#words.textContent = count;
    this.#machines.textContent = listed(names);
  }
}

function listed(names) {
  const some = names.slice(0, NAMED).join(" · ");
  const rest = names.length - NAMED;
  return rest > 0 ? sayMany("{some} and {n} more", "{some} and {n} more", rest, { some }) : some;
}

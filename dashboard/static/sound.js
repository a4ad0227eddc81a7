import { recall, remember } from "./memory.js";
import { say } from "./words.js";

const NAME = "sound";
const AGAIN_MS = 10_000;

/**
 * The horn: three tones when somebody has to look, again every 10 s until it is acknowledged.
 *
 * Browsers let a page make a sound only after a person has clicked on it. So sound is off until the button is
 * pressed; after the page was loaded anew it is on again with the first click or key anywhere, and the button says so.
 */
export class Sound {
  #button;
  #context = null;
  #timer = null;

  constructor(button) {
    this.#button = button;
    button.addEventListener("click", () => this.#press());
    if (recall(NAME) === true) this.#prepare();
    this.#tell();
  }

  /** Blow until `stop`. */
  start() {
    if (this.#timer) return;
    this.#blow();
    this.#timer = setInterval(() => this.#blow(), AGAIN_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #press() {
    if (this.#context?.state === "running") {
      this.#context.close();
      this.#context = null;
      remember(NAME, false);
    } else {
      this.#prepare();
      remember(NAME, true);
      this.#context.resume().then(() => this.#tone(0, 880));
    }
    this.#tell();
  }

  #prepare() {
    if (this.#context) return;
    this.#context = new AudioContext();
    this.#context.addEventListener("statechange", () => this.#tell());
    const wake = (event) => {
      if (!this.#button.contains(event.target)) this.#context?.resume();
    };
    for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, wake, { once: true });
  }

  #blow() {
    if (this.#context?.state !== "running") return;
    [880, 660, 880].forEach((hertz, index) => this.#tone(index * 0.28, hertz));
  }

  #tone(after, hertz) {
    if (!this.#context) return;
    const from = this.#context.currentTime + after;
    const swing = this.#context.createOscillator();
    const volume = this.#context.createGain();
    swing.type = "triangle";
    swing.frequency.value = hertz;
    // Rising and falling within a few milliseconds, or it would click.
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.5, from + 0.02);
    volume.gain.setValueAtTime(0.5, from + 0.2);
    volume.gain.linearRampToValueAtTime(0, from + 0.24);
    swing.connect(volume).connect(this.#context.destination);
    swing.start(from);
    swing.stop(from + 0.25);
  }

  #tell() {
    const state = this.#context?.state;
    const isOn = state === "running";
    this.#button.setAttribute("aria-pressed", String(isOn));
    this.#button.querySelector("use").setAttribute("href", isOn ? "#i-sound" : "#i-muted");
    const words = isOn
      ? say("Sound is on")
      : state === "suspended"
        ? say("Click anywhere for sound")
        : say("Sound is off");
    this.#button.querySelector("span").textContent = words;
  }
}

import { ago } from "./measures.js";
import { say } from "./words.js";

/** What stands between the reader and the machines: one banner for each cause, gone when the cause is. */
export class Banners {
  #region;
  #shown = new Map();

  constructor(region) {
    this.#region = region;
  }

  /** @param {{key: string, kind: string, words: string, since: ?number}[]} causes, `since` in server milliseconds */
  show(causes, nowMs) {
    const keys = new Set(causes.map((cause) => cause.key));
    for (const [key, banner] of this.#shown) {
      if (keys.has(key)) continue;
      banner.remove();
      this.#shown.delete(key);
    }
    for (const cause of causes) {
      const banner = this.#shown.get(cause.key) ?? this.#make(cause);
      const [words, since] = banner.children;
      if (words.textContent !== cause.words) words.textContent = cause.words;
      since.textContent = cause.since ? say("Lost {ago}.", { ago: ago(nowMs - cause.since) }) : "";
    }
  }

  #make(cause) {
    const banner = document.createElement("p");
    banner.className = "banner";
    banner.dataset.kind = cause.kind;
    const words = document.createElement("strong");
    words.setAttribute("role", "status");
    banner.append(words, document.createElement("span"));
    this.#region.append(banner);
    this.#shown.set(cause.key, banner);
    return banner;
  }
}

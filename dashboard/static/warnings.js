import { lasting, momentOf, temperature } from "./measures.js";
import { say } from "./words.js";

const MOST = 60;
const KINDS = {
  overheating: () => say("Too hot"),
  fast_heating: () => say("Heating fast"),
  silent: () => say("Silent"),
};
const ICONS = { overheating: "critical", fast_heating: "rising", silent: "stale" };

/** The list of what happened, newest first; an entry that did not change is not touched. */
export class Warnings {
  #list;
  #nothing;
  #acknowledge;
  #rows = new Map();

  constructor(list, nothing, acknowledge) {
    this.#list = list;
    this.#nothing = nothing;
    this.#acknowledge = acknowledge;
  }

  /** @param calling tells of a span whether it waits for a person */
  show(spans, nameOf, nowMs, calling) {
    const newest = spans.slice(0, MOST);
    this.#nothing.hidden = newest.length > 0;
    const ids = new Set(newest.map((span) => span.id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    let place = this.#list.firstElementChild;
    for (const span of newest) {
      const row = this.#row(span);
      write(row, span, nameOf, nowMs, calling(span));
      if (row.element === place) place = place.nextElementSibling;
      else this.#list.insertBefore(row.element, place);
    }
  }

  #row(span) {
    const known = this.#rows.get(span.id);
    if (known) {
      known.span = span;
      return known;
    }
    const element = document.createElement("li");
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("aria-hidden", "true");
    icon.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
    const parts = { what: make("p", "what"), facts: make("p", "facts"), when: make("p", "when") };
    const button = make("button", "");
    button.type = "button";
    button.textContent = say("Acknowledge");
    element.append(icon, parts.what, parts.facts, parts.when, button);
    const row = { element, icon, parts, button, span };
    button.addEventListener("click", () => this.#acknowledge([row.span]));
    this.#rows.set(span.id, row);
    return row;
  }
}

function write(row, span, nameOf, nowMs, isCalling) {
  const { element, icon, parts, button } = row;
  const name = nameOf(span.sensor);
  element.dataset.kind = span.kind;
  element.dataset.open = span.isOpen ? "yes" : "no";
  element.dataset.calling = isCalling ? "yes" : "no";
  icon.firstElementChild.setAttribute("href", `#i-${ICONS[span.kind] ?? "warning"}`);
  text(parts.what, `${name}: ${KINDS[span.kind]?.() ?? span.kind}`);
  text(parts.facts, facts(span, nowMs));
  text(parts.when, momentOf(span.began));
  button.hidden = !isCalling;
  if (isCalling) button.setAttribute("aria-label", say("Acknowledge {machine}", { machine: name }));
}

function facts(span, nowMs) {
  // A silence has no readings that would carry its end on.
  const end = span.isOpen && span.kind === "silent" ? Math.max(nowMs, span.end) : span.end;
  const words = [
    span.isOpen
      ? say("for {duration} so far", { duration: lasting((end - span.began) / 1000) })
      : say("lasted {duration}", { duration: lasting((end - span.began) / 1000) }),
  ];
  if (span.peak !== null) words.unshift(say("peak {peak}", { peak: temperature(span.peak) }));
  return words.join(", ");
}

function make(kind, className) {
  const element = document.createElement(kind);
  if (className) element.className = className;
  return element;
}

function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

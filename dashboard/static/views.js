/** Which view is shown: the part of the address after # says it, so that it can be kept, sent and gone back to. */
export class Views {
  #history;

  constructor(history) {
    this.#history = history;
  }

  start() {
    window.addEventListener("hashchange", () => this.#show());
    this.#show();
  }

  #show() {
    const [view, query] = location.hash.slice(1).split(/\?(.*)/s);
    if (!["", "live", "history"].includes(view)) return; // the skip link's target is no view
    const isHistory = view === "history";
    document.getElementById("live").hidden = isHistory;
    document.getElementById("history").hidden = !isHistory;
    mark("nav-live", !isHistory);
    mark("nav-history", isHistory);
    if (isHistory) this.#history.show(query ?? "");
    else this.#history.close();
  }
}

function mark(id, isCurrent) {
  const link = document.getElementById(id);
  if (isCurrent) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

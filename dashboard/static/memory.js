/** What this browser keeps for the page. A browser that keeps nothing costs the memory, never the page. */

export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(`suhu.${name}`));
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`suhu.${name}`, JSON.stringify(value));
  } catch {
    // Full, or forbidden.
  }
}

/** Call `then` when another tab of this browser remembered something under that name. */
export function whenRemembered(name, then) {
  window.addEventListener("storage", (event) => {
    if (event.key === `suhu.${name}`) then();
  });
}

/** The colours of the theme in force, for what is drawn on canvas. */

const NAMES = ["line", "grid", "ink-soft", "band", "critical-line", "warning-line", "surface"];
let colours = null;
const listeners = new Set();

/** A colour of theme.css by its name, without the dashes before it. */
export function colour(name) {
  if (!colours) {
    const style = getComputedStyle(document.documentElement);
    colours = Object.fromEntries(NAMES.map((one) => [one, style.getPropertyValue(`--${one}`).trim()]));
  }
  return colours[name];
}

/** Call `then` after each change of the theme; returns how to stop that. */
export function whenRecoloured(then) {
  listeners.add(then);
  return () => listeners.delete(then);
}

export function recolour() {
  colours = null;
  listeners.forEach((then) => then());
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);

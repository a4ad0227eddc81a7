import { recolour } from "./palette.js";

/** The button between dark and light; until it is pressed the system decides. first.js reads what is kept here. */
export function startTheme(button) {
  button.addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("suhu.theme", next);
    } catch {
      // Then it lasts as long as the page.
    }
    recolour();
  });
}

// Runs before the first paint, so that a page that was set to dark never flashes white.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("suhu.theme");
  } catch {
    // A browser that keeps nothing for this page follows the system.
  }
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
})();

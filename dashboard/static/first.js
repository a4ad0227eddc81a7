// Runs before the first paint, so that a page that was set to dark never flashes white.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    let theme = null;
    try {
      theme = localStorage.getItem("suhu.theme");
    } catch {
      // A browser that keeps nothing for this page follows the system.
    }
    if (theme !== "dark" && theme !== "light") theme = system.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
  };
  follow();
  system.addEventListener("change", follow);
})();

/* Runs before the first paint, in <head>: the server cannot know what "system" means on this device. */
(() => {
  const root = document.documentElement;
  if (root.dataset.theme === "system") {
    root.dataset.bsTheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
})();

// Runs before the first paint, hence no module: the theme that was chosen last; without one the system's holds.
(() => {
  try {
    const theme = localStorage.getItem("moderation.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // storage is switched off: the system's theme
  }
})();

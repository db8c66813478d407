/* Light or dark: the system's, until somebody chose. Loaded before the page is painted, so that it never flashes. */
{
  const CHOICE = "autoheal-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => localStorage.getItem(CHOICE);
  const current = () => chosen() ?? (system.matches ? "dark" : "light");

  const apply = () => {
    if (chosen()) document.documentElement.dataset.theme = chosen();
    const button = document.getElementById("theme");
    if (!button) return;
    button.textContent = current() === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `Use ${button.textContent.toLowerCase()} colours`);
  };

  apply();
  system.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme").addEventListener("click", () => {
      localStorage.setItem(CHOICE, current() === "dark" ? "light" : "dark");
      apply();
    });
  });
}

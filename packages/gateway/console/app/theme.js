const KEY = "atlas.theme";
const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

/** The theme that was chosen, or `auto` for that of the system. */
function chosen() {
  const kept = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === kept) ?? "auto";
}

/**
 * Applies the theme that was chosen, and lets a button change it.
 *
 * @param {HTMLElement} button
 */
export function startTheme(button) {
  const show = () => {
    const theme = chosen();
    if (theme === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.setAttribute("data-theme", theme);
    button.textContent = `Theme: ${theme}`;
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length] ?? "auto");
    show();
  });
  show();
}

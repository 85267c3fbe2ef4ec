/** Light, dark, or as the system has it. */
import { html } from "./html.js";
import { Icon } from "./parts/icon.js";
import { store, useStore } from "./store.js";

const ORDER = ["", "light", "dark"];
const NAMES = { "": "as the system", light: "light", dark: "dark" };
const ICONS = { "": "contrast", light: "sun", dark: "moon" };

const theme = store(document.documentElement.dataset.theme ?? "");

function choose(next) {
  const root = document.documentElement;
  if (next) root.dataset.theme = next;
  else delete root.dataset.theme;
  try {
    if (next) localStorage.setItem("nearfield.theme", next);
    else localStorage.removeItem("nearfield.theme");
  } catch {
    // it lasts as long as the page does
  }
  theme.set(next);
}

/** A button that goes through the three. */
export function ThemeButton({ wide = false }) {
  const now = useStore(theme);
  const next = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length];
  const told = `Theme: ${NAMES[now]}`;
  return html`<button
    type="button"
    class=${wide ? "entry" : "icon-button"}
    aria-label=${wide ? null : told}
    title=${`Change to: ${NAMES[next]}`}
    onClick=${() => choose(next)}
  >
    <${Icon} name=${ICONS[now]} />${wide && told}
  </button>`;
}

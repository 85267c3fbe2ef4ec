/** Short messages: seen for a moment, and read out by screen readers. */
import { html } from "./html.js";
import { store, useStore } from "./store.js";

const said = store({ text: "", shown: false, turn: 0 });
let timer = 0;

/**
 * Say something.
 * @param {string} text
 * @param {{seen?: boolean}} options whether it is shown, too, not only read out
 */
export function say(text, { seen = false } = {}) {
  clearTimeout(timer);
  said.set((old) => ({ text, shown: seen, turn: old.turn + 1 }));
  timer = setTimeout(() => said.set((old) => ({ ...old, shown: false })), 4000);
}

/** Where messages appear; one of it, always there. */
export function Live() {
  const { text, shown, turn } = useStore(said);
  // the same text twice would not be read out twice, so every other one ends in a no-break space
  return html`<div class=${shown ? "toast shown" : "toast"} role="status" aria-live="polite">
    ${text}${turn % 2 ? "\u00a0" : ""}
  </div>`;
}

/** Questions that must be answered before anything else. */
import { html, useEffect, useRef } from "../html.js";

/** A dialog that keeps the focus; Escape closes it. */
export function Dialog({ title, onClose, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
    return () => dialog.current?.close();
  }, []);
  return html`<dialog ref=${dialog} aria-label=${title} onClose=${onClose}>
    <div class="stack wide">
      <h2>${title}</h2>
      ${children}
    </div>
  </dialog>`;
}

/** Asks whether something is to be done. */
export function Confirm({ title, children, yes, onYes, onClose }) {
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <p>${children}</p>
    <div class="row">
      <button type="button" class="button bare" onClick=${onClose}>Cancel</button>
      <button
        type="button"
        class="button first"
        onClick=${() => {
          onClose();
          onYes();
        }}
      >
        ${yes}
      </button>
    </div>
  <//>`;
}

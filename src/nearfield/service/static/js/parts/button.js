/** Small controls that say what they do. */
import { html, useId } from "../html.js";
import { Icon } from "./icon.js";

/** A button that is only a picture; its label is read out and shown as a tip. */
export function IconButton({ icon, label, pressed = null, size = 18, ...rest }) {
  return html`<button
    type="button"
    class="icon-button"
    aria-label=${label}
    aria-pressed=${pressed === null ? null : String(pressed)}
    title=${label}
    ...${rest}
  >
    <${Icon} name=${icon} size=${size} />
  </button>`;
}

/**
 * One of a few: radio buttons that look like one control.
 * @param {{label: string, value: string, options: [string, any][], onChange: (value: string) => void}} props
 */
export function Segments({ label, value, options, onChange }) {
  const name = useId();
  return html`<div class="segments" role="radiogroup" aria-label=${label}>
    ${options.map(
      ([key, text]) => html`<label key=${key}>
        <input
          type="radio"
          name=${name}
          value=${key}
          checked=${key === value}
          onChange=${() => onChange(key)}
        />
        <span>${text}</span>
      </label>`,
    )}
  </div>`;
}

/** A field with its label above. */
export function Field({ label, hint, children }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}${hint && html` <span class="number">${hint}</span>`}</label>
    ${children(id)}
  </div>`;
}

/** A choice of one from a list, with its label. */
export function Choice({ label, value, options, onChange }) {
  return html`<${Field} label=${label}>
    ${(id) => html`<select
      id=${id}
      class="input"
      value=${value}
      onChange=${(event) => onChange(event.currentTarget.value)}
    >
      ${options.map(
        ([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`,
      )}
    </select>`}
  <//>`;
}

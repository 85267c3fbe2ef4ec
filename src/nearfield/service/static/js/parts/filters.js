/** Filters of lists: genres and years. */
import { html, useState } from "../html.js";

const FEW = 12;

/** Chips of which any number may be on. */
export function GenreChips({ genres, chosen, onChange }) {
  const [all, setAll] = useState(false);
  if (!genres.length) return null;
  const shown = all ? genres : genres.filter((one, index) => index < FEW || chosen.includes(one.name));
  const flip = (name) =>
    onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return html`<div class="chips" role="group" aria-label="Genres">
    ${shown.map(
      ({ name }) => html`<button
        type="button"
        class="chip"
        key=${name}
        aria-pressed=${String(chosen.includes(name))}
        onClick=${() => flip(name)}
      >
        ${name}
      </button>`,
    )}
    ${genres.length > FEW &&
    html`<button type="button" class="chip" aria-expanded=${String(all)} onClick=${() => setAll(!all)}>
      ${all ? "Fewer" : `${genres.length - FEW} more`}
    </button>`}
  </div>`;
}

/** From one year to another; either may be left open. */
export function Years({ from, until, onChange }) {
  const field = (name, value, label) => html`<input
    class="input year number"
    type="text"
    inputmode="numeric"
    maxlength="4"
    pattern="\\d*"
    aria-label=${label}
    placeholder=${name === "from" ? "from" : "until"}
    value=${value}
    onInput=${(event) => onChange({ [name]: event.currentTarget.value.trim() })}
  />`;
  return html`<fieldset class="years">
    <legend class="legend">Years</legend>
    <div class="row">
      ${field("from", from, "From the year")}
      <span aria-hidden="true" class="quiet">–</span>
      ${field("until", until, "Until the year")}
    </div>
  </fieldset>`;
}

/** What the colours mean; a press shows only those. */
import { count } from "../format.js";
import { html } from "../html.js";
import { COLOURS } from "./painter.js";

/**
 * The colours of a map with their names: those of the service, and that of items without a name.
 * @param {{colours: string[], counts: number[], shown: number, by: string}} map
 * @returns {{colour: number, name: string, items: number}[]}
 */
export function entriesOf({ colours, counts, shown, by }) {
  const found = colours.map((name, colour) => ({ colour, name, items: counts[colour] }));
  const none = shown - counts.reduce((sum, one) => sum + one, 0);
  return none > 0 ? [...found, { colour: COLOURS, name: by ? `No ${by}` : "All", items: none }] : found;
}

/** @param {{entries: ReturnType<typeof entriesOf>, chosen: Set<number>, onChange: (chosen: Set<number>) => void}} props */
export function Legend({ entries, chosen, onChange }) {
  const toggle = (colour) => {
    const next = new Set(chosen);
    if (!next.delete(colour)) next.add(colour);
    onChange(next);
  };
  return html`<div class="map-legend" role="group" aria-label="Colours: show only some">
    ${entries.map(
      ({ colour, name, items }) => html`<button
        key=${colour}
        type="button"
        class="chip"
        aria-pressed=${String(chosen.has(colour))}
        onClick=${() => toggle(colour)}
      >
        <span class="map-swatch" style=${{ background: `var(--map-${colour})` }} aria-hidden="true"></span>
        <span class="line">${name}</span>
        <span class="number">${count(items)}</span>
      </button>`,
    )}
    ${chosen.size > 0 &&
    html`<button type="button" class="button little bare" onClick=${() => onChange(new Set())}>Show all</button>`}
  </div>`;
}

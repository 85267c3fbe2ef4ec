/** A quiet mark for an item that has no picture, and its title beside it. */
import { hue, initials } from "../format.js";
import { html } from "../html.js";

/** @param {{item: {title: string, genres?: string[], attributes?: Record<string, string>}, big?: boolean}} props */
export function Tile({ item, big = false }) {
  const kind = item.genres?.[0] ?? item.attributes?.album ?? item.attributes?.artist ?? item.title;
  return html`<div
    class=${big ? "tile big" : "tile"}
    style=${{ "--hue": String(hue(kind)) }}
    aria-hidden="true"
  >
    ${initials(item.title)}
  </div>`;
}

/** A short line that says what an item is. */
export function facts(item) {
  const { artist, album } = item.attributes ?? {};
  return [artist, album, item.year, item.genres?.slice(0, 3).join(", ")].filter(Boolean).join(" · ");
}

/** Tile, title and facts, as in the lists of searches. */
export function ItemLabel({ item }) {
  return html`<${Tile} item=${item} />
    <div class="label">
      <span>${item.title}</span>
      <span class="quiet small">${facts(item)}</span>
    </div>`;
}

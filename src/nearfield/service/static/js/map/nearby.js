/** What lies around, as a list: the map for those who do not see it, and for keyboards. */
import { html } from "../html.js";
import { Skeleton } from "../parts/states.js";
import { facts } from "../parts/tile.js";
import { to } from "../router.js";

/**
 * @param {object} props
 * @param {string} props.catalogue
 * @param {number[]} props.rows nearest first
 * @param {import("./titles.js").Titles | null} props.titles
 * @param {string | null} props.around title of what is chosen; null is the middle of the picture
 */
export function Nearby({ catalogue, rows, titles, around }) {
  const title = around === null ? "In the middle" : `Near “${around}”`;
  return html`<section class="map-nearby stack" aria-label="Nearby">
    <h2 class="line">${title}</h2>
    <ol aria-label=${title}>
      ${rows.map((row) => {
        const item = titles?.of(row);
        if (item === null) return null;
        return html`<li key=${row} data-item=${item?.id}>
          ${item
            ? html`<a class="line" href=${to.item(catalogue, item.id)}>${item.title}</a>
                <span class="line quiet small">${facts(item)}</span>`
            : html`<${Skeleton} width="70%" height=${14} />`}
        </li>`;
      })}
    </ol>
  </section>`;
}

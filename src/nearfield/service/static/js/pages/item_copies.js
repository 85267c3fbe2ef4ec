/** The other copies and versions of a song. */
import { of } from "../api.js";
import { html } from "../html.js";
import { PlayButton } from "../parts/player_bar.js";
import { why } from "../parts/tie.js";
import { useGet } from "../remote.js";
import { to } from "../router.js";
import { place } from "../format.js";

export function Copies({ catalogue, item }) {
  const copies = useGet(of(catalogue, "duplicates"));
  const versions = useGet(of(catalogue, "versions"));
  const found = [
    ["Copies of this recording", othersOf(copies.data, item.id)],
    ["Other versions of this song", othersOf(versions.data, item.id)],
  ].filter(([, others]) => others.length);
  return html`${found.map(
    ([title, others]) => html`<section class="stack" key=${title} aria-label=${title}>
      <div class="row apart">
        <h2>${title}</h2>
        <a class="small" href=${to.catalogue(catalogue, "care")}>Library care</a>
      </div>
      <ul class="items">
        ${others.map(
          (one) => html`<li class="item" key=${`${one.item} ${one.path}`}>
            <${PlayButton} song=${{ catalogue, id: one.item, title: one.title, artist: one.artist }} />
            <div class="item-text">
              <div class="item-title"><a href=${to.item(catalogue, one.item)}>${one.title}</a></div>
              <div class="quiet small line">${why(one)}</div>
              <div class="quiet small line">${place(one.path)}</div>
            </div>
          </li>`,
        )}
      </ul>
    </section>`,
  )}`;
}

/** The members of a song's group but the song itself. */
function othersOf(report, id) {
  const group = report?.groups.find((one) => one.members.some((member) => member.item === id));
  return group?.members.filter((member) => member.item !== id) ?? [];
}

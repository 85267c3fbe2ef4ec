/** Item: what it is, what is similar, and what one thinks of it. */
import { spaceOptions } from "../answers.js";
import { of } from "../api.js";
import { many, words } from "../format.js";
import { html } from "../html.js";
import { Opinions, songOf } from "../parts/items.js";
import { Page } from "../parts/page.js";
import { SongFacts, SongFiles, SongPlayer } from "../parts/song.js";
import { Fault, Skeleton, SkeletonRows } from "../parts/states.js";
import { Tile, facts } from "../parts/tile.js";
import { together, useCatalogue, useGet } from "../remote.js";
import { to } from "../router.js";
import { Copies, CopyChips, useCopies } from "./item_copies.js";
import { Similar } from "./item_similar.js";

const SHOWN_ABOVE = new Set(["artist", "album", "path", "tempo", "key", "duration"]);

export function ItemPage({ catalogue, id }) {
  const about = useCatalogue(catalogue);
  const found = useGet(of(catalogue, "items", id));
  const remote = together(found, about); // one after the other would move what is below
  const item = remote.data?.[0];
  const copies = useCopies(catalogue, item);
  if (!item && remote.error) {
    return html`<${Page} title="Item"><${Fault} error=${remote.error} retry=${remote.reload} /><//>`;
  }
  if (!item) {
    const space = html`<div class="tile big skeleton"></div>`;
    return html`<${Page} title="Item" shownTitle="…" lead=${space} note="\u00a0"><${Waiting} /><//>`;
  }
  const lead = html`<${Tile} item=${item} big />`;
  const actions = html`<${Opinions} catalogue=${catalogue} item=${item} big />`;
  return html`<${Page} title=${item.title} lead=${lead} note=${noteOf(item)} actions=${actions}>
    ${item.song && html`<${SongPlayer} song=${songOf(catalogue, item)} facts=${item.song} />`}
    <${About} catalogue=${catalogue} item=${item} copies=${copies} />
    <${Similar} catalogue=${about.data} item=${item} spaces=${spaceOptions(about.data)} />
    ${item.song && html`<${Copies} catalogue=${catalogue} found=${copies} />`}
  <//>`;
}

function noteOf(item) {
  const { artist, album } = item.attributes;
  const chosen = item.users ? `chosen by ${many(item.users, "user")}` : "";
  return [artist, album, item.year, chosen].filter(Boolean).join(" · ") || facts(item) || "\u00a0";
}

/** Genres, what the owner says of it, and what was measured of a song. */
function About({ catalogue, item, copies }) {
  const { artist } = item.attributes;
  const rows = Object.entries(item.attributes).filter(
    ([name, value]) => value && !SHOWN_ABOVE.has(name) && !(name === "album artist" && value === artist),
  );
  if (!item.genres.length && !rows.length && !item.song) return null;
  return html`<section class="stack wide" aria-label="About">
    ${(item.genres.length > 0 || item.song) &&
    html`<div class="chips item-chips">
      ${item.genres.map(
        (genre) => html`<a
          class="chip"
          key=${genre}
          href=${`${to.catalogue(catalogue)}?genre=${encodeURIComponent(genre)}`}
        >
          ${genre}
        </a>`,
      )}
      <${CopyChips} found=${copies} />
    </div>`}
    ${(rows.length > 0 || item.song) &&
    html`<dl class="facts">
      ${item.song && html`<${SongFacts} song=${item.song} />`}
      ${rows.map(
        ([name, value]) => html`<div
        key=${name}
      ><dt>${words(name)}</dt><dd class="number">${value}</dd></div>`,
      )}
      ${item.song && html`<${SongFiles} files=${item.song.files} />`}
    </dl>`}
  </section>`;
}

function Waiting() {
  return html`<${Skeleton} width="320px" height=${36} />
    <${Skeleton} height=${64} />
    <${SkeletonRows} rows=${10} />`;
}

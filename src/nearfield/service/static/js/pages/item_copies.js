/** The other copies and versions of a song. */
import { of } from "../api.js";
import { many, place } from "../format.js";
import { html } from "../html.js";
import { PlayButton } from "../parts/player_bar.js";
import { why } from "../parts/tie.js";
import { useGet } from "../remote.js";
import { to } from "../router.js";

/**
 * Find the songs that are the same as one.
 * @param {string} catalogue
 * @param {any} item null, or no song, has none
 */
export function useCopies(catalogue, item) {
  const isSong = Boolean(item?.song);
  const copies = useGet(isSong ? of(catalogue, "duplicates") : null);
  const versions = useGet(isSong ? of(catalogue, "versions") : null);
  return { copies: othersOf(copies.data, item?.id), versions: othersOf(versions.data, item?.id) };
}

/** The members of a song's group but the song itself. */
function othersOf(report, id) {
  const group = report?.groups.find((one) => one.members.some((member) => member.item === id));
  return group?.members.filter((member) => member.item !== id) ?? [];
}

/** How many there are; goes to where they are listed. */
export function CopyChips({ found }) {
  const told = [
    [found.copies.length, "copy", "copies"],
    [found.versions.length, "other version", "other versions"],
  ].filter(([number]) => number);
  return html`${told.map(
    ([number, one, several]) =>
      html`<a class="chip" key=${one} href="#copies">${many(number, one, several)}</a>`,
  )}`;
}

/** The lists, below what is similar: they may come late, and must not move it. */
export function Copies({ catalogue, found }) {
  const lists = [
    ["Copies of this recording", found.copies],
    ["Other versions of this song", found.versions],
  ].filter(([, others]) => others.length);
  return html`<div id="copies" class="stack wide">
    ${lists.map(
      ([title, others]) => html`<section class="stack" key=${title} aria-label=${title}>
        <div class="row apart">
          <h2>${title}</h2>
          <a class="small" href=${to.catalogue(catalogue, "care")}>Library care</a>
        </div>
        <ul class="items">
          ${others.map(
            (one) => html`<${Other}
            key=${`${one.item} ${one.path}`}
            catalogue=${catalogue}
            song=${one}
          />`,
          )}
        </ul>
      </section>`,
    )}
  </div>`;
}

function Other({ catalogue, song }) {
  return html`<li class="item">
    <${PlayButton} song=${{ catalogue, id: song.item, title: song.title, artist: song.artist }} />
    <div class="item-text">
      <div class="item-title"><a href=${to.item(catalogue, song.item)}>${song.title}</a></div>
      <div class="quiet small line">${why(song)}</div>
      <div class="quiet small line">${place(song.path)}</div>
    </div>
  </li>`;
}

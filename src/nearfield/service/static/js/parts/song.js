/** A song: its player with the waveform, and what was measured of it. */
import { clock } from "../format.js";
import { html } from "../html.js";
import { PlayButton } from "./player_bar.js";
import { Waveform } from "./waveform.js";

/** A large player. */
export function SongPlayer({ song, facts }) {
  return html`<section class="card song-player" aria-label="Player of this song">
    <${PlayButton} song=${song} big />
    <${Waveform} song=${song} duration=${facts.duration} />
  </section>`;
}

/** Rows of a description list. */
export function SongFacts({ song }) {
  const rows = [
    ["Length", clock(song.duration)],
    ["Tempo", song.tempo && `${Math.round(song.tempo)} BPM`],
    ["Key", song.key],
    ["Sound", quality(song)],
  ].filter(([, value]) => value);
  return html`${rows.map(
    ([name, value]) => html`<div
    key=${name}
  ><dt>${name}</dt><dd class="number">${value}</dd></div>`,
  )}`;
}

/** The last row: where the song lies. */
export function SongFiles({ files }) {
  if (!files.length) return null;
  return html`<div class="wide-fact">
    <dt>${files.length > 1 ? "Files" : "File"}</dt>
    ${files.map((path) => html`<dd key=${path}><code>${path}</code></dd>`)}
  </div>`;
}

/** How well a song is kept: "flac, lossless". */
export const quality = ({ codec, bitrate, lossless }) =>
  [codec, lossless ? "lossless" : `${Math.round(bitrate / 1000)} kbit/s`].filter(Boolean).join(", ");

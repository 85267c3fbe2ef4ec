/** What plays now, at the foot of every page, and the buttons that start it. */
import { clock, spoken } from "../format.js";
import { html } from "../html.js";
import { isSame, playing, seek, stop, toggle } from "../player.js";
import { to } from "../router.js";
import { useStore } from "../store.js";
import { IconButton } from "./button.js";
import { Icon } from "./icon.js";

/** Play or pause a song; as large as a tile. */
export function PlayButton({ song, big = false }) {
  const on = useStore(playing, (now) => isSame(now.song, song) && now.playing);
  return html`<button
    type="button"
    class=${`tile play${big ? " big" : ""}${on ? " on" : ""}`}
    aria-label=${`${on ? "Pause" : "Play"} ${song.title}`}
    onClick=${() => toggle(song)}
  >
    <${Icon} name=${on ? "pause" : "play"} size=${big ? 28 : 18} />
  </button>`;
}

/** The player; nothing where nothing was played yet. */
export function PlayerBar() {
  const { song, playing: on, at, duration } = useStore(playing);
  if (!song) return null;
  const length = Number.isFinite(duration) ? duration : 0;
  return html`<section class="player-bar" aria-label="Player">
    <${IconButton} icon=${on ? "pause" : "play"} label=${on ? "Pause" : "Play"} onClick=${() => toggle(song)} />
    <div class="player-title">
      <a class="line" href=${to.item(song.catalogue, song.id)}>${song.title}</a>
      <span class="quiet small line">${song.artist}</span>
    </div>
    <span class="number small quiet">${clock(at)}</span>
    <input
      type="range"
      min="0"
      max=${Math.max(1, Math.round(length))}
      step="1"
      value=${Math.round(at)}
      disabled=${!length}
      aria-label="Position"
      aria-valuetext=${`${spoken(at)} of ${spoken(length)}`}
      onInput=${(event) => seek(song, Number(event.currentTarget.value))}
    />
    <span class="number small quiet">${clock(length || NaN)}</span>
    <${IconButton} icon="close" label="Close the player" onClick=${stop} />
  </section>`;
}

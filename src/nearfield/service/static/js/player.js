/** One song plays at a time, whichever page is shown. */
import { of } from "./api.js";
import { say } from "./live.js";
import { store } from "./store.js";

/**
 * @typedef {{catalogue: string, id: number | string, title: string, artist?: string}} Song
 * @typedef {{song: Song | null, playing: boolean, at: number, duration: number, failed: boolean}} Playing
 */

/** @type {import("./store.js").Store<Playing>} */
export const playing = store({ song: null, playing: false, at: 0, duration: NaN, failed: false });

const audio = new Audio();
audio.preload = "none";
let start = 0;

const change = (told) => playing.set((old) => ({ ...old, ...told }));

audio.addEventListener("timeupdate", () => change({ at: audio.currentTime }));
audio.addEventListener("durationchange", () => change({ duration: audio.duration }));
audio.addEventListener("play", () => change({ playing: true, failed: false }));
audio.addEventListener("pause", () => change({ playing: false }));
audio.addEventListener("ended", () => change({ playing: false, at: 0 }));
audio.addEventListener("loadedmetadata", () => {
  if (start > 0) audio.currentTime = start;
  start = 0;
});
audio.addEventListener("error", () => {
  if (!playing.get().song) return;
  change({ playing: false, failed: true });
  say("This song cannot be played.", { seen: true });
});

/** Whether a song is the one that is loaded. */
export const isSame = (one, other) =>
  Boolean(one && other && one.catalogue === other.catalogue && one.id === other.id);

/** Play a song, or pause it where it plays. */
export function toggle(song) {
  const now = playing.get();
  if (!isSame(now.song, song)) play(song, 0);
  else if (now.playing) audio.pause();
  else audio.play().catch(() => {});
}

/** Play a song from a moment on, in seconds. */
export function play(song, from) {
  if (isSame(playing.get().song, song)) audio.currentTime = Math.max(0, from);
  else load(song, from);
  audio.play().catch(() => {}); // what went wrong is told by the error event
}

/** Go to a moment of a song; it goes on playing, or waits there. */
export function seek(song, to) {
  const now = playing.get();
  if (!isSame(now.song, song)) return play(song, to);
  audio.currentTime = Math.max(0, Math.min(to, now.duration || to));
  return change({ at: audio.currentTime });
}

/** Stop, and put the player away. */
export function stop() {
  audio.pause();
  audio.removeAttribute("src");
  change({ song: null, playing: false, at: 0, duration: NaN, failed: false });
}

function load(song, from) {
  start = Math.max(0, from);
  audio.src = of(song.catalogue, "stream", song.id);
  change({ song, at: start, duration: NaN, failed: false });
}

/** A song as a picture of its loudness: shows where it plays, and goes where it is clicked. */
import { of } from "../api.js";
import { clock, spoken } from "../format.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { isSame, playing, seek, toggle } from "../player.js";
import { useGet } from "../remote.js";
import { useStore } from "../store.js";

const BAR = 3; // pixels of a bar and the gap after it
const STEP = 5; // seconds of an arrow key

/**
 * @param {object} props
 * @param {import("../player.js").Song} props.song
 * @param {number} props.duration seconds
 * @param {boolean} [props.small]
 */
export function Waveform({ song, duration, small = false }) {
  const canvas = useRef(null);
  const seen = useSeen(canvas);
  const { data } = useGet(seen ? of(song.catalogue, "waveform", song.id) : null);
  const at = useStore(playing, (now) => (isSame(now.song, song) ? now.at : 0));
  const length = data?.duration ?? duration ?? 0;
  const size = useSize(canvas);
  const scheme = useScheme();

  useEffect(() => {
    if (canvas.current) draw(canvas.current, data?.peaks ?? [], length ? at / length : 0);
  }, [data, at, length, size, scheme]);

  const onKeyDown = (event) => {
    const keys = { ArrowRight: at + STEP, ArrowUp: at + STEP, ArrowLeft: at - STEP, ArrowDown: at - STEP };
    const wide = { PageUp: at + length / 10, PageDown: at - length / 10, Home: 0, End: length - 1 };
    const target = { ...keys, ...wide }[event.key];
    if (event.key === " " || event.key === "Enter") toggle(song);
    else if (target !== undefined) seek(song, Math.max(0, Math.min(target, length)));
    else return;
    event.preventDefault();
  };
  const onPointerDown = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    if (length) seek(song, ((event.clientX - box.left) / box.width) * length);
  };
  return html`<div class="wave-row">
    <canvas
      ref=${canvas}
      class=${small ? "wave small-wave" : "wave"}
      role="slider"
      tabindex="0"
      aria-label=${`Position in ${song.title}`}
      aria-valuemin="0"
      aria-valuemax=${Math.round(length)}
      aria-valuenow=${Math.round(at)}
      aria-valuetext=${`${spoken(at)} of ${spoken(length)}`}
      onKeyDown=${onKeyDown}
      onPointerDown=${onPointerDown}
    ></canvas>
    <div class="wave-times small quiet number" aria-hidden="true">
      <span>${clock(at)}</span><span>${clock(length)}</span>
    </div>
  </div>`;
}

/** @param {HTMLCanvasElement} canvas @param {number[]} peaks in [0, 1] @param {number} share played */
function draw(canvas, peaks, share) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const [done, rest] = [style.getPropertyValue("color"), style.getPropertyValue("outline-color")];
  pen.scale(scale, scale);
  const bars = Math.floor(width / BAR);
  for (let bar = 0; bar < bars; bar += 1) {
    const from = Math.floor((bar * peaks.length) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / bars));
    const peak = peaks.length ? Math.max(...peaks.slice(from, to)) : 0;
    const tall = Math.max(2, peak * height);
    pen.fillStyle = bar / bars < share ? done : rest;
    pen.fillRect(bar * BAR, (height - tall) / 2, BAR - 1, tall);
  }
}

/** Whether something was on the screen yet: what nobody looks at is not loaded. */
function useSeen(ref) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watcher = new IntersectionObserver(([entry]) => entry.isIntersecting && setSeen(true), {
      rootMargin: "200px",
    });
    watcher.observe(ref.current);
    return () => watcher.disconnect();
  }, []);
  return seen;
}

function useSize(ref) {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    watcher.observe(ref.current);
    return () => watcher.disconnect();
  }, []);
  return width;
}

/** Changes when the colours do. */
function useScheme() {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const again = () => setTurn((count) => count + 1);
    const system = matchMedia("(prefers-color-scheme: dark)");
    const chosen = new MutationObserver(again);
    chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    system.addEventListener("change", again);
    return () => {
      chosen.disconnect();
      system.removeEventListener("change", again);
    };
  }, []);
  return turn;
}

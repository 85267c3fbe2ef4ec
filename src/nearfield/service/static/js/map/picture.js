/** The picture: draws when something changed, and knows what lies where. Nothing of Preact in here. */
import { allowed, between, moved, toMap, toPicture, whole, zoomed } from "./camera.js";
import { listen } from "./gestures.js";
import { COLOURS, Painter } from "./painter.js";
import { nearest, next } from "./points.js";

const REACH = 16; // pixels from the mouse to a point that it means
const FINGER = 28;
const FLIGHT = 320; // milliseconds
const REST = 180; // without a change: then what is in view is looked up
const FAINT = 0.09;
const SLOW = 28; // milliseconds a frame: then fewer points are drawn while it moves
const FAST = 20;
const FEWEST = 0.08;
const COMPANY = 30; // points that are seen around the one that was looked for

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * @typedef {object} Told
 * @property {(row: number | null, chosen: boolean) => void} onPoint the mouse is on it, or it was chosen
 * @property {(row: number) => void} onOpen
 * @property {() => void} onFrame something was drawn: what floats above must follow
 * @property {() => void} onRest nothing moves any more
 */

export class Picture {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./points.js").Points} points
   * @param {import("./camera.js").Bounds} bounds
   * @param {Told} told
   * @param {import("./camera.js").View | null} view where one looked last
   */
  constructor(canvas, points, bounds, told, view) {
    Object.assign(this, { canvas, points, bounds, told });
    this.chosen = /** @type {number | null} */ (null);
    this.pointed = /** @type {number | null} */ (null);
    this.shown = /** @type {Set<number> | null} */ (null); // colours; null is all
    this.palette = new Float32Array(4 * (COLOURS + 1));
    this.size = { width: 1, height: 1 };
    this.frame = 0;
    this.rest = 0;
    this.share = 1; // of the points that are drawn while it moves
    this.drawn = 0; // when it was drawn last
    this.painter = new Painter(canvas, points);
    this.resize();
    this.view = view ? allowed(view, bounds, this.size) : whole(bounds, this.size);
    this.control = new AbortController();
    this.unlisten = listen(canvas, this.wishes());
    this.watch();
    this.recolour();
  }

  /** Whether there is something to draw with. */
  get works() {
    return Boolean(this.painter.gl);
  }

  watch() {
    const { signal } = this.control;
    this.resizes = new ResizeObserver(() => this.resize());
    this.resizes.observe(this.canvas);
    this.themes = new MutationObserver(() => this.recolour());
    this.themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour(), { signal });
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault(), { signal });
    const again = () => {
      this.painter.begin();
      this.change();
    };
    this.canvas.addEventListener("webglcontextrestored", again, { signal });
  }

  wishes() {
    const here = (left, top, reach) => this.at(left, top, reach);
    return {
      move: (right, down) => this.look(moved(this.view, right, down)),
      zoom: (factor, left, top) => this.look(zoomed(this.view, this.size, factor, left, top)),
      whole: () => this.all(),
      point: (left, top) => this.point(here(left, top, REACH)),
      leave: () => this.point(null),
      press: (left, top, touched) => this.press(here(left, top, touched ? FINGER : REACH), touched),
      step: (way) => this.step(way),
      open: () => this.chosen !== null && this.told.onOpen(this.chosen),
      clear: () => this.choose(null),
    };
  }

  /** Fit the canvas to its place: as many pixels as the screen has. */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const first = this.size.width === 1;
    const fit = first ? 1 : this.view.scale / whole(this.bounds, this.size).scale;
    this.size = { width, height };
    const ratio = Math.min(devicePixelRatio || 1, 2);
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    if (first) return;
    this.look({ ...this.view, scale: fit * whole(this.bounds, this.size).scale });
  }

  /** Read the colours of the theme; what is filtered out is faint. */
  recolour() {
    const probe = document.createElement("i");
    probe.hidden = true;
    this.canvas.after(probe);
    for (let colour = 0; colour <= COLOURS; colour += 1) {
      probe.style.color = `var(--map-${colour})`;
      const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
      const faint = this.shown && !this.shown.has(colour) ? FAINT : 0.92;
      this.palette.set([red / 255, green / 255, blue / 255, faint], 4 * colour);
    }
    probe.remove();
    this.change();
  }

  /** Show only some colours. @param {Set<number> | null} colours null is all */
  filter(colours) {
    this.shown = colours;
    if (this.chosen !== null && !this.isShown(this.chosen)) this.choose(null);
    this.recolour();
  }

  isShown = (row) => {
    if (this.points.places[2 * row] > 1e8) return false;
    return !this.shown || this.shown.has(Math.min(this.points.colours[row], COLOURS));
  };

  /** How large points are: as there is room, and larger the closer one looks. */
  get radius() {
    const { width, height } = this.size;
    const room = Math.sqrt((width * height) / Math.max(this.points.colours.length, 1));
    const start = Math.min(Math.max(0.2 * room, 0.7), 3.2);
    const closer = this.view.scale / whole(this.bounds, this.size).scale;
    return Math.min(start * Math.sqrt(Math.max(closer, 0.7)), 9);
  }

  /** Look elsewhere, at once. */
  look(view) {
    cancelAnimationFrame(this.flying ?? 0);
    this.view = allowed(view, this.bounds, this.size);
    this.change();
  }

  /** Go there so that one sees the way; at once where motion is not wanted. */
  fly(to) {
    const target = allowed(to, this.bounds, this.size);
    if (still()) return this.look(target);
    cancelAnimationFrame(this.flying ?? 0);
    const from = this.view;
    const begun = performance.now();
    const go = (now) => {
      const share = Math.min(Math.max((now - begun) / FLIGHT, 0), 1);
      this.view = between(from, target, share);
      this.change();
      if (share < 1) this.flying = requestAnimationFrame(go);
    };
    this.flying = requestAnimationFrame(go);
    return undefined;
  }

  all() {
    this.fly(whole(this.bounds, this.size));
  }

  zoom(factor) {
    this.fly(zoomed(this.view, this.size, factor));
  }

  /** Go to an item and choose it. */
  show(row) {
    this.choose(row);
    const { places } = this.points;
    const [x, y] = [places[2 * row], places[2 * row + 1]];
    const last = this.around(COMPANY).at(-1) ?? row;
    const reach = Math.hypot(places[2 * last] - x, places[2 * last + 1] - y);
    const { width, height } = this.size;
    this.fly({ x, y, scale: reach ? (0.42 * Math.min(width, height)) / reach : this.view.scale });
  }

  /** The row at a place of the picture; null where none is near. */
  at(left, top, reach) {
    const [x, y] = toMap(this.view, this.size, left, top);
    const found = nearest(this.points, x, y, 1, (reach + this.radius) / this.view.scale, this.isShown);
    return found[0] ?? null;
  }

  /** The rows nearest to what is chosen, else to the middle, nearest first. */
  around(most) {
    const { places } = this.points;
    const [x, y] =
      this.chosen === null ? [this.view.x, this.view.y] : [places[2 * this.chosen], places[2 * this.chosen + 1]];
    const other = (row) => row !== this.chosen && this.isShown(row);
    return nearest(this.points, x, y, most, this.extent(), other);
  }

  /** The rows that are in the picture; null where they are more than `most`. */
  inView(most) {
    const { width, height } = this.size;
    const [left, high] = toMap(this.view, this.size, 0, 0);
    const [right, low] = toMap(this.view, this.size, width, height);
    const found = this.points.index.range(left, low, right, high);
    return found.length > 8 * most ? null : found.filter(this.isShown).slice(0, most + 1);
  }

  extent() {
    const [left, low, right, high] = this.bounds;
    return Math.hypot(right - left, high - low) + 1e-6;
  }

  /** Where a row is in the picture. */
  placeOf(row) {
    const { places } = this.points;
    return toPicture(this.view, this.size, places[2 * row], places[2 * row + 1]);
  }

  point(row) {
    if (row === this.pointed) return;
    this.pointed = row;
    this.canvas.classList.toggle("on", row !== null);
    this.told.onPoint(row ?? this.chosen, row === null);
  }

  press(row, touched) {
    if (row === null) return this.choose(null);
    if (touched && row !== this.chosen) return this.choose(row);
    return this.told.onOpen(row);
  }

  choose(row) {
    this.chosen = row;
    this.pointed = null;
    this.told.onPoint(row, true);
    this.settle();
  }

  step(way) {
    const from = this.chosen;
    const to = from === null ? this.around(1)[0] : next(this.points, from, way, this.extent(), this.isShown);
    if (to === undefined) return;
    this.choose(to);
    this.follow(to);
  }

  /** Keep a row well inside the picture. */
  follow(row) {
    const { width, height } = this.size;
    const [left, top] = this.placeOf(row);
    const inside = left > 0.15 * width && left < 0.85 * width && top > 0.15 * height && top < 0.85 * height;
    if (!inside) this.fly({ ...this.view, x: this.points.places[2 * row], y: this.points.places[2 * row + 1] });
  }

  /** Draw before the next frame is shown. */
  change() {
    this.frame ||= requestAnimationFrame((now) => {
      this.frame = 0;
      this.pace(now);
      this.draw(this.share);
      this.told.onFrame();
    });
    this.settle();
  }

  draw(share) {
    this.painter.draw(this.view, this.size, this.radius, this.palette, share);
  }

  /** Draw fewer points where frames come too slowly. */
  pace(now) {
    const took = now - this.drawn;
    this.drawn = now;
    if (took > REST) return; // it stood still
    if (took > SLOW) this.share = Math.max(FEWEST, 0.7 * this.share);
    else if (took < FAST) this.share = Math.min(1, 1.05 * this.share);
  }

  /** Look up what is in view, once nothing moves any more. */
  settle() {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      if (this.share < 1) this.draw(1);
      this.told.onRest();
    }, REST);
  }

  end() {
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.flying ?? 0);
    clearTimeout(this.rest);
    this.control.abort();
    this.resizes.disconnect();
    this.themes.disconnect();
    this.unlisten();
    this.painter.end();
  }
}

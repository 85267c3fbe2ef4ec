/** Pointer, wheel and keys on the canvas, as wishes: move, zoom, point at, open. */

const STEP = 60;
const FACTOR = 1.5;
const CLICK = 5; // pixels that a hand trembles

const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/**
 * @typedef {object} Wishes
 * @property {(right: number, down: number) => void} move
 * @property {(factor: number, left?: number, top?: number) => void} zoom
 * @property {() => void} whole
 * @property {(left: number, top: number) => void} point the mouse is there
 * @property {() => void} leave it is gone
 * @property {(left: number, top: number, touched: boolean) => void} press
 * @property {(way: [number, number]) => void} step to the next point
 * @property {() => void} open
 * @property {() => void} clear
 */

/**
 * Listen until the returned function is called.
 * @param {HTMLCanvasElement} canvas
 * @param {Wishes} wishes
 */
export function listen(canvas, wishes) {
  const control = new AbortController();
  const on = (type, act, options = {}) =>
    canvas.addEventListener(type, act, { signal: control.signal, ...options });
  onPointers(on, canvas, wishes);
  on("wheel", (event) => onWheel(event, wishes), { passive: false });
  on("keydown", (event) => onKey(event, wishes));
  return () => control.abort();
}

function onPointers(on, canvas, wishes) {
  /** @type {Map<number, {left: number, top: number}>} */
  const down = new Map();
  let travelled = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { left: event.clientX - box.left, top: event.clientY - box.top };
  };
  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    if (!down.size) travelled = 0;
    down.set(event.pointerId, place(event));
  });
  on("pointermove", (event) => {
    const now = place(event);
    const before = down.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") wishes.point(now.left, now.top);
      return;
    }
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    down.set(event.pointerId, now);
    travelled += Math.hypot(now.left - before.left, now.top - before.top);
    if (travelled < CLICK) return;
    canvas.classList.add("held");
    if (other) pinch(before, now, other, wishes);
    else wishes.move(now.left - before.left, now.top - before.top);
  });
  const up = (event) => {
    const pressed = down.delete(event.pointerId);
    if (down.size) return;
    canvas.classList.remove("held");
    const { left, top } = place(event);
    if (pressed && event.type === "pointerup" && travelled < CLICK) {
      wishes.press(left, top, event.pointerType === "touch");
    }
  };
  on("pointerup", up);
  on("pointercancel", up);
  on("pointerleave", () => down.size || wishes.leave());
}

/** Two fingers: what is between them stays between them. */
function pinch(before, now, other, wishes) {
  const apart = (one) => Math.hypot(one.left - other.left, one.top - other.top);
  wishes.move((now.left - before.left) / 2, (now.top - before.top) / 2);
  const factor = apart(now) / Math.max(apart(before), 1);
  wishes.zoom(factor, (now.left + other.left) / 2, (now.top + other.top) / 2);
}

function onWheel(event, wishes) {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 16 : 1;
  const strength = event.ctrlKey ? 0.01 : 0.0016; // a pinch on a track pad comes as small steps
  wishes.zoom(Math.exp(-event.deltaY * lines * strength), event.offsetX, event.offsetY);
}

function onKey(event, wishes) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const way = ARROWS[event.key];
  if (way && event.shiftKey) wishes.move(-STEP * way[0], STEP * way[1]);
  else if (way) wishes.step(way);
  else if (event.key === "+" || event.key === "=") wishes.zoom(FACTOR);
  else if (event.key === "-") wishes.zoom(1 / FACTOR);
  else if (event.key === "0") wishes.whole();
  else if (event.key === "Enter") wishes.open();
  else if (event.key === "Escape") wishes.clear();
  else return;
  event.preventDefault();
}

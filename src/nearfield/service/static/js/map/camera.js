/** Where one looks: a place of the map in the middle of the picture, and how large things are there. */

const DEEPEST = 400;
const MARGIN = 0.94;

/**
 * @typedef {{x: number, y: number, scale: number}} View middle in units of the map; pixels a unit
 * @typedef {{width: number, height: number}} Size in CSS pixels
 * @typedef {[number, number, number, number]} Bounds smallest x and y, largest x and y
 */

/**
 * Show everything.
 * @param {Bounds} bounds
 * @param {Size} size
 * @returns {View}
 */
export function whole([left, low, right, high], { width, height }) {
  const scale = MARGIN * Math.min(width / Math.max(right - left, 1e-6), height / Math.max(high - low, 1e-6));
  return { x: (left + right) / 2, y: (low + high) / 2, scale };
}

/** Where a place of the map is in the picture; y goes up there and down here. */
export const toPicture = (view, { width, height }, x, y) => [
  (x - view.x) * view.scale + width / 2,
  height / 2 - (y - view.y) * view.scale,
];

/** Which place of the map is under a place of the picture. */
export const toMap = (view, { width, height }, left, top) => [
  view.x + (left - width / 2) / view.scale,
  view.y - (top - height / 2) / view.scale,
];

/** Move by pixels. */
export const moved = (view, right, down) => ({
  ...view,
  x: view.x - right / view.scale,
  y: view.y + down / view.scale,
});

/** Look closer, or from farther away; what is under a place of the picture stays there. */
export function zoomed(view, size, factor, left = size.width / 2, top = size.height / 2) {
  const [x, y] = toMap(view, size, left, top);
  const scale = view.scale * factor;
  return { scale, x: x - (left - size.width / 2) / scale, y: y + (top - size.height / 2) / scale };
}

/**
 * The nearest view that is allowed: not much smaller than everything, not lost beside the map.
 * @param {View} view
 * @param {Bounds} bounds
 * @param {Size} size
 * @returns {View}
 */
export function allowed(view, bounds, size) {
  const fit = whole(bounds, size).scale;
  const [left, low, right, high] = bounds;
  return {
    scale: Math.min(Math.max(view.scale, fit / 1.5), fit * DEEPEST),
    x: Math.min(Math.max(view.x, left), right),
    y: Math.min(Math.max(view.y, low), high),
  };
}

/** A view on the way from one to another; `share` in [0, 1]. */
export function between(from, to, share) {
  const eased = share * share * (3 - 2 * share);
  const scale = from.scale * (to.scale / from.scale) ** eased;
  // the middle moves as the scale does, so that what is zoomed to does not run away meanwhile
  const way = Math.abs(1 / to.scale - 1 / from.scale);
  const done = way > 1e-9 ? Math.abs(1 / scale - 1 / from.scale) / way : eased;
  return { scale, x: from.x + (to.x - from.x) * done, y: from.y + (to.y - from.y) * done };
}

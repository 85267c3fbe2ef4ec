/** The points of a map: where they lie, and which is near. */
import { asking, of, problemOf } from "../api.js";
import KDBush from "../../vendor/kdbush.js";

const AWAY = 1e9; // of items that are gone: nobody looks there

/**
 * @typedef {object} Points
 * @property {Float32Array} places x and y of each row
 * @property {Uint16Array} colours
 * @property {KDBush} index
 */

/**
 * Load the points that a map told of.
 * @param {string} catalogue
 * @param {{space: string, version: string, by: string, count: number}} map
 * @param {AbortSignal} signal
 * @returns {Promise<Points>}
 */
export async function loadPoints(catalogue, { space, version, by, count }, signal) {
  const reply = await fetch(asking(of(catalogue, "map", "points"), { space, version, by }), { signal });
  if (!reply.ok) throw problemOf(reply.status, await reply.text());
  return readPoints(await reply.arrayBuffer(), count);
}

/**
 * @param {ArrayBuffer} bytes
 * @param {number} count
 * @returns {Points}
 */
export function readPoints(bytes, count) {
  const places = new Float32Array(bytes, 0, 2 * count);
  const colours = new Uint16Array(bytes, 8 * count, count);
  const index = new KDBush(count, 64, Float32Array);
  for (let row = 0; row < count; row += 1) {
    if (Number.isNaN(places[2 * row])) places.fill(AWAY, 2 * row, 2 * row + 2);
    index.add(places[2 * row], places[2 * row + 1]);
  }
  index.finish();
  return { places, colours, index };
}

/**
 * The rows nearest to a place, nearest first.
 * @param {Points} points
 * @param {number} x
 * @param {number} y
 * @param {number} most how many
 * @param {number} reach how far away they may be
 * @param {(row: number) => boolean} wanted
 */
export function nearest({ places, index }, x, y, most, reach, wanted) {
  const far = (row) => (places[2 * row] - x) ** 2 + (places[2 * row + 1] - y) ** 2;
  // circles grow until they hold enough: few points are looked at, however many there are
  for (let radius = reach / 64; ; radius = Math.min(2 * radius, reach)) {
    const found = index.within(x, y, radius).filter(wanted);
    if (found.length < most && radius < reach) continue;
    return found.sort((one, other) => far(one) - far(other)).slice(0, most);
  }
}

/**
 * The nearest row in a direction: what an arrow key goes to.
 * @param {Points} points
 * @param {number} from a row
 * @param {[number, number]} way one of them 0, the other 1 or -1
 * @param {number} reach
 * @param {(row: number) => boolean} wanted
 * @returns {number | undefined}
 */
export function next(points, from, [right, up], reach, wanted) {
  const { places } = points;
  const [x, y] = [places[2 * from], places[2 * from + 1]];
  const ahead = (row) => {
    const [dx, dy] = [places[2 * row] - x, places[2 * row + 1] - y];
    const along = dx * right + dy * up;
    const aside = Math.abs(dx * up) + Math.abs(dy * right);
    return row !== from && along > 0 && along >= aside && wanted(row);
  };
  return nearest(points, x, y, 1, reach, ahead)[0];
}

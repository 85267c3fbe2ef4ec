/** A small line chart. */
import { html } from "../html.js";

const [WIDTH, HEIGHT, EDGE] = [160, 64, 6];

/** @param {{values: number[], label: string}} props */
export function Curve({ values, label }) {
  const known = values.filter(Number.isFinite);
  if (!known.length) return html`<div class="curve"></div>`;
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const points = known.map((value, index) => [
    WIDTH - EDGE - ((WIDTH - 2 * EDGE) * (known.length - 1 - index)) / Math.max(1, known.length - 1),
    EDGE + (HEIGHT - 2 * EDGE) * (most > least ? (most - value) / (most - least) : 0.5),
  ]);
  const told = `${label}: from ${known[0].toFixed(3)} to ${known.at(-1).toFixed(3)}`;
  const [x, y] = points.at(-1);
  return html`<svg class="curve" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${told}>
    <line class="axis" x1=${EDGE} x2=${WIDTH - EDGE} y1=${HEIGHT - 1} y2=${HEIGHT - 1} />
    <polyline points=${points.map((point) => point.map((one) => one.toFixed(1)).join(",")).join(" ")} />
    <circle cx=${x} cy=${y} r="3" />
  </svg>`;
}

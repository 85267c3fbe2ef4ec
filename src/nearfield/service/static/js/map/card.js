/** The card of the item that the mouse, a finger or a key is at. */
import { html, useLayoutEffect, useRef } from "../html.js";
import { ItemLabel } from "../parts/tile.js";
import { to } from "../router.js";

const WIDTH = 288;
const AWAY = 14;

/**
 * Put the card beside its point, inside the picture.
 * @param {HTMLElement} card
 * @param {HTMLElement} ring
 * @param {import("./picture.js").Picture} picture
 * @param {number} row
 */
export function place(card, ring, picture, row) {
  const [left, top] = picture.placeOf(row);
  const { width, height } = picture.size;
  const own = { width: card.offsetWidth || WIDTH, height: card.offsetHeight || 56 };
  const right = left + AWAY + own.width < width;
  const x = right ? left + AWAY : Math.max(8, left - AWAY - own.width);
  const y = Math.min(Math.max(8, top - own.height / 2), Math.max(8, height - own.height - 8));
  card.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  const radius = picture.radius + 4;
  ring.style.transform = `translate(${left - radius}px, ${top - radius}px)`;
  ring.style.width = `${2 * radius}px`;
  ring.style.height = `${2 * radius}px`;
}

/**
 * @param {object} props
 * @param {string} props.catalogue
 * @param {any} props.item null is nothing, undefined is still coming
 * @param {boolean} props.chosen whether it stays, so that one can press it
 * @param {(card: HTMLElement, ring: HTMLElement) => void} props.follow
 */
export function Card({ catalogue, item, chosen, follow }) {
  const card = useRef(null);
  const ring = useRef(null);
  useLayoutEffect(() => follow(card.current, ring.current));
  return html`<div class="map-ring" ref=${ring} aria-hidden="true"></div>
    <div class=${chosen ? "map-card chosen" : "map-card"} ref=${card}>
      ${item
        ? html`<a href=${to.item(catalogue, item.id)} tabindex="-1" data-item=${item.id}><${ItemLabel} item=${item} /></a>`
        : html`<span class="quiet small">…</span>`}
    </div>`;
}

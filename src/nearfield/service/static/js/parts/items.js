/** Lists of items: what each is, how well it fits, why, and what one thinks of it. */
import { percent } from "../format.js";
import { html, useLayoutEffect, useRef } from "../html.js";
import { say } from "../live.js";
import { to } from "../router.js";
import { judge, opinionOf, useTaste } from "../session.js";
import { IconButton } from "./button.js";
import { Icon } from "./icon.js";
import { PlayButton } from "./player_bar.js";
import { Tile, facts } from "./tile.js";

const OPINIONS = [
  ["liked", "like", "Like", "Liked"],
  ["disliked", "dislike", "Dislike", "Disliked"],
  ["hidden", "hide", "Not interested", "Left out"],
];

/**
 * @typedef {object} Row
 * @property {number | string} id
 * @property {string} title
 * @property {number} [score]
 * @property {{text: string, share: number}[]} [reasons]
 */

/** An answer's line as an item of a list. */
export const rowOf = (one) => ({ ...one, id: one.item });

/**
 * @param {object} props
 * @param {string} props.catalogue
 * @param {Row[]} props.rows
 * @param {string} props.label
 * @param {boolean} [props.music] whether rows can be played
 * @param {boolean} [props.judged] whether one can say what one thinks of them
 * @param {boolean} [props.ranked]
 * @param {Set<any>} [props.fresh] ids that were not in the list before
 * @param {Map<any, any>} [props.marks] what is said of single rows
 * @param {boolean} [props.stale]
 */
export function Items({ catalogue, rows, label, music, judged, ranked, fresh, marks, stale }) {
  const Tag = ranked ? "ol" : "ul";
  const list = useRef(null);
  const onClickCapture = useFocusKept(list, rows);
  return html`<${Tag}
    ref=${list}
    onClickCapture=${onClickCapture}
    class=${stale ? "items waiting" : "items"}
    aria-label=${label}
    aria-busy=${String(Boolean(stale))}
  >
    ${rows.map(
      (row, index) => html`<li
        key=${row.id}
        class=${fresh?.has(row.id) ? "item fresh" : "item"}
        data-item=${row.id}
      >
        ${ranked && html`<span class="rank number" aria-hidden="true">${index + 1}</span>`}
        ${music ? html`<${PlayButton} song=${songOf(catalogue, row)} />` : html`<${Tile} item=${row} />`}
        <div class="item-text">
          <div class="item-title">
            <a href=${to.item(catalogue, row.id)}>${row.title}</a>${marks?.get(row.id)}
          </div>
          <div class="quiet small line">${facts(row)}</div>
          <${Reasons} reasons=${row.reasons} />
        </div>
        ${row.score !== undefined && html`<${Score} value=${row.score} />`}
        ${judged && html`<${Opinions} catalogue=${catalogue} item=${row} />`}
      </li>`,
    )}
  <//>`;
}

/**
 * Keep the focus in a list: where a row goes because of a button in it, the next row has it.
 * @param {{current: HTMLElement | null}} list
 * @param {Row[]} rows
 * @returns {(event: Event) => void} to be called with every click in the list
 */
function useFocusKept(list, rows) {
  const last = useRef(null);
  useLayoutEffect(() => {
    const { row, place } = last.current ?? {};
    if (!row || row.isConnected) return;
    last.current = null;
    const next = list.current?.children[Math.min(place, rows.length - 1)];
    if (document.activeElement === document.body) next?.querySelector("a")?.focus();
  }, [rows]);
  return (event) => {
    const row = event.target.closest("[data-item]");
    last.current = row && { row, place: [...row.parentNode.children].indexOf(row) };
  };
}

/** What the player needs to know of an item. */
export const songOf = (catalogue, item) => ({
  catalogue,
  id: item.id,
  title: item.title,
  artist: item.attributes?.artist,
});

/** A score as a bar and a number; scores are cosines, of which those below 0 have no bar. */
export function Score({ value }) {
  if (value === null) return html`<div class="score"></div>`;
  const share = Math.max(0, Math.min(1, value));
  return html`<div class="score">
    <span class="bar" aria-hidden="true"><span style=${{ transform: `scaleX(${share})` }}></span></span>
    <span class="number"><span class="heard">Score </span>${value.toFixed(2)}</span>
  </div>`;
}

/** Why something is in a list, the strongest reason first. */
function Reasons({ reasons }) {
  if (!reasons?.length) return null;
  return html`<ul class="reasons small quiet" aria-label="Reasons">
    ${reasons.slice(0, 2).map(
      (reason) => html`<li key=${reason.text}>
        <span class="line">${reason.text}</span>${" "}
        ${isMeasured(reason) && html`<span class="number">${percent(reason.share)}</span>`}
      </li>`,
    )}
  </ul>`;
}

/** What is said of the items themselves is no part of the score. */
const isMeasured = (reason) => reason.space !== null && reason.share > 0;

/** Buttons that say what one thinks; the lists that depend on it change at once. */
export function Opinions({ catalogue, item, big = false }) {
  const taste = useTaste(catalogue);
  const now = opinionOf(taste, item.id);
  const onClick = async (opinion, done) => {
    try {
      const holds = await judge(catalogue, item, opinion);
      say(holds ? `${done}: ${item.title}` : `Taken back: ${item.title}`);
    } catch (error) {
      say(error.message, { seen: true });
    }
  };
  return html`<div class="opinions" role="group" aria-label=${`What you think of ${item.title}`}>
    ${OPINIONS.map(([opinion, icon, label, done]) =>
      big
        ? html`<${BigButton}
          key=${opinion}
          icon=${icon}
          pressed=${now === opinion}
          onClick=${() => onClick(opinion, done)}
        >
            ${label}
          <//>`
        : html`<${IconButton}
            key=${opinion}
            icon=${icon}
            label=${label}
            pressed=${now === opinion}
            onClick=${() => onClick(opinion, done)}
          />`,
    )}
  </div>`;
}

function BigButton({ icon, pressed, onClick, children }) {
  return html`<button type="button" class="button" aria-pressed=${String(pressed)} onClick=${onClick}>
    <${Icon} name=${icon} size=${16} /> ${children}
  </button>`;
}

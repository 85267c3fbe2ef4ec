/** The picture with all that belongs to it: card, titles, buttons, legend, list. */
import { count, many } from "../format.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { say } from "../live.js";
import { facts } from "../parts/tile.js";
import { go, to } from "../router.js";
import { keep, kept } from "../store.js";
import { Card, place } from "./card.js";
import { Labels } from "./labels.js";
import { Legend, entriesOf } from "./legend.js";
import { Nearby } from "./nearby.js";
import { Picture } from "./picture.js";
import { Titles } from "./titles.js";

const NEAR = 10;
const FACTOR = 2;
const HELP =
  "Arrow keys go from item to item, with Shift they move the picture. Plus and minus zoom, 0 shows everything, " +
  "Enter opens the item, Escape leaves it. The list beside tells what lies around.";

/**
 * @param {object} props
 * @param {string} props.catalogue
 * @param {any} props.map what the service told of it
 * @param {import("./points.js").Points} props.points
 * @param {string} props.item id of what is to be found; "" is nothing
 * @param {() => void} props.onStale the map is another one by now
 */
export function Stage({ catalogue, map, points, item, onStale }) {
  const canvas = useRef(null);
  const layer = useRef(null);
  const work = useRef(/** @type {{picture: Picture, titles: Titles, labels: Labels} | null} */ (null));
  const follow = useRef(() => {});
  const [at, setAt] = useState({ row: null, chosen: false });
  const [near, setNear] = useState([]);
  const [colours, setColours] = useState(new Set());
  const [, again] = useState(0);
  const [works, setWorks] = useState(true);
  const chosen = useRef(null);
  const named = useRef(-1);

  useEffect(() => {
    const place = `map.${catalogue}.${map.space}.${map.version}`;
    const told = {
      onPoint: (row, isChosen) => {
        chosen.current = isChosen ? row : chosen.current;
        if (row !== null) titles.want([row, ...picture.around(NEAR)]);
        setAt({ row, chosen: isChosen });
      },
      onOpen: (row) => openRow(titles, catalogue, row),
      onFrame: () => {
        labels.move();
        follow.current();
      },
      onRest: () => {
        keep("session", place, picture.view);
        const rows = picture.around(NEAR);
        titles.want(rows);
        labels.choose();
        setNear(rows);
      },
    };
    const titles = new Titles(catalogue, map, {
      onMore: () => {
        labels.choose();
        again((turn) => turn + 1);
      },
      onError: (error) => (error.status === 409 ? onStale() : say(error.message, { seen: true })),
    });
    const picture = new Picture(canvas.current, points, map.bounds, told, kept("session", place, null));
    const labels = new Labels(layer.current, picture, titles);
    work.current = { picture, titles, labels };
    setWorks(picture.works);
    return () => {
      work.current = null;
      titles.end();
      picture.end();
    };
  }, [points]);

  useEffect(() => {
    work.current?.picture.filter(colours.size ? colours : null);
  }, [colours, points]);
  useEffect(() => {
    void find(work.current, item);
  }, [item, points]);
  const known = at.row === null ? null : work.current?.titles.of(at.row);
  useEffect(() => {
    // what a key or a search went to is read out; what the mouse passes is not
    if (!known || !at.chosen || named.current === at.row) return;
    named.current = at.row;
    say([known.title, facts(known)].filter(Boolean).join(", "));
  }, [known, at]);

  const entries = entriesOf(map);
  const around = chosen.current === null ? null : (work.current?.titles.of(chosen.current)?.title ?? "…");
  return html`<div class="map">
    <div class="map-stage">
      <canvas
        ref=${canvas}
        role="img"
        tabindex="0"
        aria-label=${`Map of ${many(map.shown, "item")}`}
        aria-describedby="map-help"
      ></canvas>
      <p id="map-help" class="heard">${HELP}</p>
      <div class="map-labels" ref=${layer} aria-hidden="true"></div>
      ${at.row !== null &&
      html`<${Card}
        catalogue=${catalogue}
        item=${known}
        chosen=${at.chosen}
        follow=${(card, ring) => {
          follow.current = () => card?.isConnected && work.current && place(card, ring, work.current.picture, at.row);
          follow.current();
        }}
      />`}
      <${Zoom} picture=${() => work.current?.picture} />
      ${!works &&
      html`<div class="note caution map-without">
        <span>This browser draws no pictures with WebGL. Search above; the list tells what lies around.</span>
      </div>`}
    </div>
    <div class="map-side">
      <${Legend} entries=${entries} chosen=${colours} onChange=${(next) => {
        setColours(next);
        const items = entries.filter(({ colour }) => next.has(colour)).reduce((sum, one) => sum + one.items, 0);
        say(next.size ? `${many(items, "item")} shown.` : `All ${count(map.shown)} shown.`);
      }} />
      <${Nearby} catalogue=${catalogue} rows=${near} titles=${work.current?.titles ?? null} around=${around} />
    </div>
  </div>`;
}

function Zoom({ picture }) {
  return html`<div class="map-zoom" role="group" aria-label="Zoom">
    <button type="button" class="icon-button" aria-label="Closer" title="Closer" onClick=${() => picture()?.zoom(FACTOR)}>+</button>
    <button type="button" class="icon-button" aria-label="Farther" title="Farther" onClick=${() => picture()?.zoom(1 / FACTOR)}>−</button>
    <button type="button" class="icon-button" aria-label="Everything" title="Everything" onClick=${() => picture()?.all()}>⤢</button>
  </div>`;
}

async function find(work, id) {
  if (!work || !id) return;
  try {
    const row = await work.titles.find(id);
    if (row === undefined) say("That item is not on the map.", { seen: true });
    else work.picture.show(row);
  } catch (error) {
    if (error.name !== "AbortError") say(error.message, { seen: true });
  }
}

async function openRow(titles, catalogue, row) {
  const item = titles.of(row);
  if (item) go(to.item(catalogue, item.id));
  else titles.want([row]);
}

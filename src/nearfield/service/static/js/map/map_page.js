/** The map of a catalogue: every item is a point, and what lies near is alike. */
import { asking, get, of } from "../api.js";
import { many } from "../format.js";
import { html, useEffect, useState } from "../html.js";
import { Choice } from "../parts/button.js";
import { Page } from "../parts/page.js";
import { ItemSearch } from "../parts/search.js";
import { Empty, Fault, Skeleton } from "../parts/states.js";
import { useRemote } from "../remote.js";
import { go, to, usePlace } from "../router.js";
import { loadPoints } from "./points.js";
import { Stage } from "./stage.js";

const NAMES = { genre: "Genre", album: "Album", artist: "Artist" };

/** @param {{catalogue: string}} props */
export function MapPage({ catalogue }) {
  const { query } = usePlace();
  const [space, by, item] = ["space", "by", "item"].map((name) => query.get(name) ?? "");
  const path = asking(of(catalogue, "map"), { space, by });
  const map = useRemote(path, (signal) => get(path, signal), { keep: true });
  const points = useRemote(
    map.data && !map.stale ? `points ${path} ${map.data.version} ${map.data.colours}` : null,
    (signal) => loadPoints(catalogue, map.data, signal),
    { keep: true },
  );
  const [drawn, setDrawn] = useState(null); // a map and its points, which belong together
  useEffect(() => {
    if (map.data && points.data && !map.stale && !points.stale && !points.busy) {
      setDrawn({ key: `${catalogue} ${path}`, map: map.data, points: points.data });
    }
  }, [map.data, points.data, map.stale, points.stale, points.busy]);
  const change = (told) => go(asking(to.catalogue(catalogue, "map"), { space, by, item, ...told }), true);
  const error = map.error ?? points.error;
  const shown = drawn?.key.startsWith(`${catalogue} `) ? drawn : null;
  return html`<${Page}
    title="Map"
    note=${shown ? `${many(shown.map.shown, "item")} as the model ${shown.map.space} sees them: what lies near is alike.` : "\u00a0"}
  >
    ${error && error.status !== 404 && html`<${Fault} error=${error} retry=${map.error ? map.reload : points.reload} />`}
    ${error?.status === 404 && html`<${Empty} title="There is no map yet">${error.message}<//>`}
    ${shown && error?.status !== 404
      ? html`<div class="map-tools">
            <div class="map-find">
              <${ItemSearch}
                catalogue=${catalogue}
                label="Find on the map"
                placeholder="Find on the map"
                onPick=${(found) => change({ item: found.id })}
              />
            </div>
            <${Choices} map=${shown.map} onChange=${change} />
          </div>
          <${Stage}
            key=${shown.key}
            catalogue=${catalogue}
            map=${shown.map}
            points=${shown.points}
            item=${item}
            onStale=${map.reload}
          />`
      : !error && html`<${Skeleton} height=${560} />`}
  <//>`;
}

function Choices({ map, onChange }) {
  const spaces = map.spaces.map((name) => [name, name]);
  const kinds = map.choices.map((name) => [name, NAMES[name] ?? name]);
  return html`${spaces.length > 1 &&
    html`<${Choice} label="Model" value=${map.space} options=${spaces} onChange=${(space) => onChange({ space })} />`}
    ${kinds.length > 1 &&
    html`<${Choice} label="Colour" value=${map.by} options=${kinds} onChange=${(by) => onChange({ by })} />`}`;
}

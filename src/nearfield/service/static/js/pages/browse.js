/** Browse: the items of a catalogue, by words, genre and year, a page at a time. */
import { asking, get, of } from "../api.js";
import { many } from "../format.js";
import { html, useEffect, useState } from "../html.js";
import { NO_FILTERS, whereOf } from "../filters.js";
import { say } from "../live.js";
import { Segments } from "../parts/button.js";
import { GenreChips, Years } from "../parts/filters.js";
import { Items } from "../parts/items.js";
import { Page } from "../parts/page.js";
import { Empty, Fault, Shown, SkeletonRows } from "../parts/states.js";
import { useCatalogue, useRemote } from "../remote.js";
import { go, to, usePlace } from "../router.js";

const ROWS = 40;
const SORTS = [
  ["popular", "Popular"],
  ["new", "New"],
  ["title", "Title"],
];

export function BrowsePage({ catalogue }) {
  const { query } = usePlace();
  const about = useCatalogue(catalogue);
  const wanted = {
    q: query.get("q") ?? "",
    sort: query.get("sort") ?? "popular",
    genres: query.getAll("genre"),
    from: query.get("from") ?? "",
    until: query.get("until") ?? "",
  };
  const change = (told) => go(addressOf(catalogue, { ...wanted, ...told }), true);
  const note = about.data && numbers(about.data);
  return html`<${Page} title=${catalogue} note=${note ?? "\u00a0"}>
    <div class="stack wide">
      <div class="row apart">
        <${Segments}
          label="Order"
          value=${wanted.sort}
          options=${SORTS}
          onChange=${(sort) => change({ sort })}
        />
        ${wanted.q &&
        html`<button type="button" class="chip" aria-pressed="true" onClick=${() => change({ q: "" })}>
          “${wanted.q}”<span aria-hidden="true">×</span><span class="heard">, search everything again</span>
        </button>`}
        <${Years} from=${wanted.from} until=${wanted.until} onChange=${change} />
      </div>
      <div class="genre-space">
        <${GenreChips}
          genres=${about.data?.genres ?? []}
          chosen=${wanted.genres}
          onChange=${(genres) => change({ genres })}
        />
      </div>
    </div>
    <${Found}
      catalogue=${catalogue}
      music=${about.data?.music}
      wanted=${wanted}
      reset=${() => change({ q: "", ...NO_FILTERS })}
    />
  <//>`;
}

function addressOf(catalogue, { q, sort, genres, from, until }) {
  const address = asking(to.catalogue(catalogue), { q, sort: sort === "popular" ? "" : sort, from, until });
  const more = genres.map((one) => `genre=${encodeURIComponent(one)}`).join("&");
  return more ? `${address}${address.includes("?") ? "&" : "?"}${more}` : address;
}

const numbers = ({ items, users, events, music }) =>
  [many(items, music ? "song" : "item"), many(users, "user"), many(events, "event")].join(" · ");

function Found({ catalogue, music, wanted, reset }) {
  const path = asking(of(catalogue, "items"), {
    q: wanted.q,
    sort: wanted.sort,
    where: whereOf(wanted),
    limit: ROWS,
  });
  const remote = useRemote(path, (signal) => get(path, signal), { keep: true, wait: 150 });
  const [more, setMore] = useState({ path, items: [], next: undefined, error: null, busy: false });
  const added = more.path === path ? more : { items: [], next: undefined, error: null, busy: false };
  useEffect(() => {
    if (remote.data && !remote.stale && wanted.q) say(`${many(remote.data.items.length, "item")} found.`);
  }, [remote.data, remote.stale]);
  const next = added.next === undefined ? remote.data?.next : added.next;
  const goOn = async () => {
    setMore({ ...added, path, busy: true });
    try {
      const page = await get(`${path}&cursor=${encodeURIComponent(next)}`);
      setMore({ path, items: [...added.items, ...page.items], next: page.next, error: null, busy: false });
      say(`${many(page.items.length, "item")} more.`);
    } catch (error) {
      setMore({ ...added, path, error, busy: false });
    }
  };
  return html`<section class="fill" aria-label="Items">
    <${Shown} remote=${remote} skeleton=${html`<${SkeletonRows} rows=${12} />`}>
      ${({ items }) =>
        items.length
          ? html`<${Items}
              catalogue=${catalogue}
              rows=${[...items, ...added.items]}
              label="Items"
              music=${music}
              stale=${remote.stale}
              judged
            />`
          : html`<${Empty} title="Nothing fits">
              <button type="button" class="button little" onClick=${reset}>Show everything</button>
            <//>`}
    <//>
    ${added.error && html`<${Fault} error=${added.error} retry=${goOn} />`}
    ${next &&
    html`<div class="more">
      <button type="button" class="button" disabled=${added.busy} onClick=${goOn}>Show more</button>
    </div>`}
  </section>`;
}

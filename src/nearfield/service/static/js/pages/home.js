/** Home: the catalogues, and what is popular and new in one of them. */
import { asking, of } from "../api.js";
import { short } from "../format.js";
import { html, useState } from "../html.js";
import { Segments } from "../parts/button.js";
import { Items } from "../parts/items.js";
import { Page } from "../parts/page.js";
import { ItemSearch } from "../parts/search.js";
import { Empty, Shown, Skeleton, SkeletonRows } from "../parts/states.js";
import { useGet } from "../remote.js";
import { go, to } from "../router.js";
import { keep, kept } from "../store.js";

const ROWS = 8;

export function HomePage() {
  const remote = useGet("/api/catalogues");
  return html`<${Page} title="Nearfield" shownTitle="What would you like to find?">
    <${Shown} remote=${remote} skeleton=${html`<${Waiting} />`}>
      ${({ catalogues }) =>
        catalogues.length
          ? html`<${Home}
        catalogues=${catalogues}
      />`
          : html`<${Nothing} />`}
    <//>
  <//>`;
}

function Home({ catalogues }) {
  const [name, setName] = useState(() => kept("local", "catalogue", catalogues[0].name));
  const chosen = catalogues.find((one) => one.name === name) ?? catalogues[0];
  const choose = (next) => {
    setName(next);
    keep("local", "catalogue", next);
  };
  return html`<div class="hero">
      ${catalogues.length > 1 &&
      html`<${Segments}
        label="Catalogue"
        value=${chosen.name}
        options=${catalogues.map((one) => [one.name, one.name])}
        onChange=${choose}
      />`}
      <${ItemSearch}
        key=${chosen.name}
        catalogue=${chosen.name}
        label=${`Find something in ${chosen.name}`}
        placeholder=${chosen.music ? "A song, an artist" : "A title"}
        onPick=${(item) => go(to.item(chosen.name, item.id))}
        onEnter=${(text) => go(`${to.catalogue(chosen.name)}?q=${encodeURIComponent(text)}`)}
        slash
      />
    </div>
    <section class="cards" aria-label="Catalogues">
      ${catalogues.map((one) => html`<${Card} key=${one.name} catalogue=${one} />`)}
    </section>
    <div class="columns">
      <${Shelf}
        key=${`${chosen.name} popular`}
        catalogue=${chosen}
        sort="popular"
        title=${`Popular in ${chosen.name}`}
      />
      <${Shelf} key=${`${chosen.name} new`} catalogue=${chosen} sort="new" title=${`New in ${chosen.name}`} />
    </div>`;
}

function Card({ catalogue }) {
  const { name, items, users, events, music, spaces } = catalogue;
  const facts = [
    [music ? "songs" : "items", items],
    ["users", users],
    ["events", events],
  ];
  return html`<article class="card catalogue-card">
    <h2><a href=${to.catalogue(name)}>${name}</a></h2>
    <dl class="figures">
      ${facts.map(
        ([what, number]) => html`<div
        key=${what}
      ><dt>${what}</dt><dd class="number">${short(number)}</dd></div>`,
      )}
    </dl>
    <div class="chips">
      ${spaces.map(
        (one) => html`<span
        class="badge"
        key=${one.space}
        title=${`version ${one.version}`}
      >
        ${one.space}
      </span>`,
      )}
      ${!spaces.length && html`<span class="badge">nothing is published yet</span>`}
    </div>
    <div class="row">
      <a class="button little" href=${to.catalogue(name, "you")}>For you</a>
      <a class="button little bare" href=${to.catalogue(name, "map")}>Map</a>
      ${music && html`<a class="button little bare" href=${to.catalogue(name, "care")}>Library care</a>`}
    </div>
  </article>`;
}

function Shelf({ catalogue, sort, title }) {
  const remote = useGet(asking(of(catalogue.name, "items"), { sort, limit: ROWS }));
  return html`<section class="stack">
    <div class="row apart">
      <h2>${title}</h2>
      <a class="small" href=${`${to.catalogue(catalogue.name)}?sort=${sort}`}>All</a>
    </div>
    <div class="shelf">
      <${Shown} remote=${remote} skeleton=${html`<${SkeletonRows} rows=${ROWS} />`}>
        ${({ items }) =>
          items.length
            ? html`<${Items}
              catalogue=${catalogue.name}
              rows=${items}
              label=${title}
              music=${catalogue.music}
            />`
            : html`<${Empty} title="Nothing yet" />`}
      <//>
    </div>
  </section>`;
}

function Waiting() {
  return html`<div class="hero"><${Skeleton} height=${44} /></div>
    <div class="cards"><${Skeleton} height=${188} /><${Skeleton} height=${188} /></div>
    <div class="columns"><${SkeletonRows} rows=${ROWS} /><${SkeletonRows} rows=${ROWS} /></div>`;
}

function Nothing() {
  return html`<${Empty} title="There is no catalogue yet">
    Run <code>nearfield demo movies</code>, or import your own with <code>nearfield import</code>.
  <//>`;
}

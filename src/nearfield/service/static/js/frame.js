/** What is around every page: where one can go, search, who asks, and what plays. */
import { locked } from "./api.js";
import { html, useEffect, useErrorBoundary } from "./html.js";
import { Live } from "./live.js";
import { Navigation, Tabs, useCatalogues } from "./navigation.js";
import { CarePage } from "./pages/care.js";
import { BrowsePage } from "./pages/browse.js";
import { HomePage } from "./pages/home.js";
import { ItemPage } from "./pages/item.js";
import { JobsPage } from "./pages/jobs.js";
import { LazyMap } from "./pages/lazy_map.js";
import { LoginPage } from "./pages/login.js";
import { ModelsPage } from "./pages/models.js";
import { MissingPage } from "./pages/missing.js";
import { YouPage } from "./pages/you.js";
import { PlayerBar } from "./parts/player_bar.js";
import { ItemSearch } from "./parts/search.js";
import { Page } from "./parts/page.js";
import { Fault } from "./parts/states.js";
import { WhoButton } from "./parts/who.js";
import { go, match, to, usePlace } from "./router.js";
import { keep, kept, useStore } from "./store.js";
import { ThemeButton } from "./theme.js";

const ROUTES = [
  ["/", HomePage],
  ["/jobs", JobsPage],
  ["/c/:catalogue", BrowsePage],
  ["/c/:catalogue/items/:id", ItemPage],
  ["/c/:catalogue/you", YouPage],
  ["/c/:catalogue/map", LazyMap],
  ["/c/:catalogue/care", CarePage],
  ["/c/:catalogue/models", ModelsPage],
];

/** Find the page of a path, and what the path names. */
function routeOf(path) {
  for (const [pattern, Shown] of ROUTES) {
    const parts = match(pattern, path);
    if (parts) return { Shown, parts };
  }
  return { Shown: MissingPage, parts: {} };
}

export function Frame() {
  const isLocked = useStore(locked);
  const { path } = usePlace();
  const { Shown, parts } = routeOf(path);
  const catalogues = useCatalogues(isLocked);
  const first = catalogues.data?.catalogues[0]?.name;
  const current = parts.catalogue ?? kept("local", "catalogue", first) ?? first;
  const catalogue = catalogues.data?.catalogues.some((one) => one.name === current) ? current : first;
  useEffect(() => {
    if (parts.catalogue) keep("local", "catalogue", parts.catalogue);
  }, [parts.catalogue]);
  if (isLocked) return html`<${LoginPage} /><${Live} />`;
  const key = [parts.catalogue, parts.id, Shown.name].join("\n");
  return html`<a class="skip" href="#main" onClick=${toMain}>Skip to the content</a>
    <div class="frame">
      <${Navigation} catalogues=${catalogues.data?.catalogues} catalogue=${catalogue} path=${path} />
      <header class="top">
        <a class="brand" href="/" aria-label="Nearfield, home">
          <img src="/static/icon.svg" alt="" width="24" height="24" />
        </a>
        <div class="search" role="search">
          ${catalogue && path !== "/" &&
          html`<${ItemSearch}
            key=${catalogue}
            catalogue=${catalogue}
            label=${`Search ${catalogue}`}
            placeholder=${`Search ${catalogue}`}
            onPick=${(item) => go(to.item(catalogue, item.id))}
            onEnter=${(text) => go(`${to.catalogue(catalogue)}?q=${encodeURIComponent(text)}`)}
            slash
          />`}
        </div>
        ${catalogue && html`<${WhoButton} key=${catalogue} catalogue=${catalogue} />`}
        <span class="only-small"><${ThemeButton} /></span>
      </header>
      <main class="main" id="main" tabindex="-1">
        <${Guard} key=${key}><${Shown} ...${parts} /><//>
      </main>
      <footer class="foot"><a href="/jobs">Jobs</a></footer>
      <${Tabs} catalogues=${catalogues.data?.catalogues} catalogue=${catalogue} path=${path} />
    </div>
    <${PlayerBar} />
    <${Live} />`;
}

/** Shows a mistake of ours instead of an empty page. */
function Guard({ children }) {
  const [error] = useErrorBoundary((found) => console.error(found));
  if (!error) return children;
  return html`<${Page} title="Something is wrong here">
    <${Fault} error=${error} retry=${() => location.reload()} />
  <//>`;
}

function toMain(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

/** Where one can go: beside the page on a desk, below it on a phone. */
import { short } from "./format.js";
import { html } from "./html.js";
import { Icon } from "./parts/icon.js";
import { useGet } from "./remote.js";
import { to } from "./router.js";
import { ThemeButton } from "./theme.js";

const PAGES = [
  ["", "browse", "Browse", "Browse"],
  ["you", "you", "For you", "For you"],
  ["map", "map", "Map", "Map"],
  ["care", "tidy", "Library care", "Care"],
  ["models", "models", "Models", "Models"],
];

/** The catalogues of this home; asked for again once a key was given. */
export const useCatalogues = (isLocked) => useGet(isLocked ? null : "/api/catalogues");

function pagesOf(catalogues, catalogue) {
  const found = catalogues?.find((one) => one.name === catalogue);
  if (!found) return [];
  return PAGES.filter(([page]) => page !== "care" || found.music);
}

function isCurrent(path, address) {
  if (path === address) return "page";
  return path.startsWith(`${address}/items/`) ? "page" : null;
}

/** The side bar. */
export function Navigation({ catalogues, catalogue, path }) {
  return html`<div class="side">
    <nav aria-label="Catalogues and their pages">
      <a
        class="brand"
        href="/"
      >
        <img src="/static/icon.svg" alt="" width="24" height="24" /><span>Nearfield</span></a>
      <ul class="entries">
        <li><${Entry} icon="home" href="/" current=${path === "/" ? "page" : null}>Home<//></li>
        ${catalogues?.map(
          (one) => html`<li key=${one.name}>
            <${Entry}
              icon=${one.music ? "care" : "film"}
              href=${to.catalogue(one.name)}
              current=${one.name === catalogue ? "true" : null}
            >
              ${one.name}<span class="count"><span class="heard">, </span>${short(one.items)}</span>
            <//>
            ${one.name === catalogue &&
            html`<${Pages}
              catalogues=${catalogues}
              catalogue=${catalogue}
              path=${path}
            />`}
          </li>`,
        )}
      </ul>
    </nav>
    <nav class="bottom" aria-label="Service">
      <${Entry} icon="jobs" href="/jobs" current=${path === "/jobs" ? "page" : null}>Jobs<//>
      <${ThemeButton} wide />
    </nav>
  </div>`;
}

/** The pages of the catalogue that is open. */
function Pages({ catalogues, catalogue, path }) {
  return html`<ul aria-label=${`Pages of ${catalogue}`}>
    ${pagesOf(catalogues, catalogue).map(([page, icon, name]) => {
      const address = to.catalogue(catalogue, page);
      return html`<li key=${page}>
        <${Entry} icon=${icon} href=${address} current=${isCurrent(path, address)}>${name}<//>
      </li>`;
    })}
  </ul>`;
}

function Entry({ icon, href, current, children }) {
  return html`<a
    class="entry"
    href=${href}
    aria-current=${current}
  >
    <${Icon} name=${icon} size=${16} />${children}</a>`;
}

/** The tabs of a phone. */
export function Tabs({ catalogues, catalogue, path }) {
  return html`<nav class="tabs" aria-label="Pages">
    ${pagesOf(catalogues, catalogue).map(([page, icon, , name]) => {
      const address = to.catalogue(catalogue, page);
      return html`<a key=${page} href=${address} aria-current=${isCurrent(path, address)}>
        <${Icon} name=${icon} size=${20} />${name}
      </a>`;
    })}
  </nav>`;
}

/** Addresses: which page is shown, going to another without loading, going back to the same place. */
import { store, useStore } from "./store.js";

/** @typedef {{path: string, query: URLSearchParams, visit: number}} Place */

const here = () => ({ path: location.pathname, query: new URLSearchParams(location.search) });

/** @type {import("./store.js").Store<Place>} */
const place = store({ ...here(), visit: 0 });
let visits = 0;

/** Show where we are. */
export const usePlace = () => useStore(place);

/**
 * Go to another address.
 * @param {string} address path and query
 * @param {boolean} replace whether Back skips the present one
 */
export function go(address, replace = false) {
  history.replaceState({ scroll: scrollY }, "");
  if (replace) history.replaceState({ scroll: scrollY }, "", address);
  else history.pushState(null, "", address);
  const moved = location.pathname !== place.get().path;
  if (moved) visits += 1;
  place.set({ ...here(), visit: visits });
  if (moved) scrollTo(0, 0);
}

/**
 * Read the parts of a path: match("/c/:name", "/c/a%20b") is {name: "a b"}; null where it does not fit.
 * @param {string} pattern
 * @param {string} path
 * @returns {Record<string, string> | null}
 */
export function match(pattern, path) {
  const wanted = pattern.split("/");
  const found = path.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== found.length) return null;
  const parts = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(":")) parts[part.slice(1)] = decoded(found[index]);
    else if (part !== found[index]) return null;
  }
  return parts;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Let links of ours change the page instead of loading it. */
export function followLinks() {
  history.scrollRestoration = "manual";
  addEventListener("click", (event) => {
    const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement);
    if (!link || !isOurs(link) || !isPlain(event)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
  addEventListener("popstate", (event) => {
    if (location.pathname === place.get().path && location.hash) return; // a place on this page
    visits += 1;
    place.set({ ...here(), visit: visits });
    const top = event.state?.scroll ?? 0;
    // what was shown before is drawn at once from what was remembered; then the place is there again
    requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, top)));
  });
}

const isPlain = (event) =>
  !event.defaultPrevented &&
  event.button === 0 &&
  !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);

const isOurs = (link) =>
  link.origin === location.origin &&
  !link.target &&
  !link.hasAttribute("download") &&
  !link.hash &&
  !/^\/(api|rest|static|docs)\b/.test(link.pathname);

/** Addresses of pages. */
export const to = {
  catalogue: (name, page = "") => `/c/${encodeURIComponent(name)}${page && `/${page}`}`,
  item: (name, id) => `/c/${encodeURIComponent(name)}/items/${encodeURIComponent(id)}`,
};

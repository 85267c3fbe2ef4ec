/** Line icons, 18 by 18 on a grid of 24; they say nothing to a screen reader. */
import { html } from "../html.js";

const PATHS = {
  home: "M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z",
  browse: "M4 6h16M4 12h16M4 18h10",
  film: "M4 6h16v12H4zM8 6v12M16 6v12M4 10h4M4 14h4M16 10h4M16 14h4",
  you: "M12 20s-7-4.4-7-10a4 4 0 0 1 7-2.6A4 4 0 0 1 19 10c0 5.600-7 10-7 10z",
  map: "M12 12h.01M6 7h.01M17 6h.01M7 17h.01M17 16h.01M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z",
  care: "M9 18V6l10-2v11M9 18a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0zM19 15a2.500 2.500 0 1 1-5 0 2.500 2.500 0 0 1 5 0z",
  tidy: "M4 7h10M4 12h7M4 17h7M15 16.500l2 2 3.500-4.500",
  models: "M4 19V5M4 19h16M8 15l3-4 3 2 5-7",
  jobs: "M12 7v5l3 2M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM20 20l-4-4",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v1.500M12 19.500V21M3 12h1.500M19.500 12H21M5.600 5.600l1.100 1.100M17.300 17.300l1.100 1.100M5.600 18.400l1.100-1.100M17.300 6.700l1.100-1.100",
  moon: "M19 14.500A7.500 7.500 0 0 1 9.500 5a7.500 7.500 0 1 0 9.500 9.500z",
  contrast: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 4v16M12 8h5M12 12h8M12 16h5",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM5 20c0-3.500 3-6 7-6s7 2.500 7 6",
  like: "M7 11v8H4v-8zM7 11l4-7a2 2 0 0 1 2 2v4h5.500a1.500 1.500 0 0 1 1.500 1.800l-1.200 6a1.500 1.500 0 0 1-1.500 1.200H7",
  dislike:
    "M17 13V5h3v8zM17 13l-4 7a2 2 0 0 1-2-2v-4H5.500A1.500 1.500 0 0 1 4 12.200l1.200-6A1.500 1.500 0 0 1 6.700 5H17",
  hide: "M4 4l16 16M9.900 5.700A9 9 0 0 1 12 5.500c5 0 8 4.500 8.500 6.500a10 10 0 0 1-2.400 3.800M6.200 7.400A10.500 10.500 0 0 0 3.500 12c.5 2 3.500 6.500 8.500 6.500a9 9 0 0 0 4-.9",
  play: "M8 5.500v13l10.500-6.500z",
  pause: "M8 5.500v13M16 5.500v13",
  close: "M6 6l12 12M18 6 6 18",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  add: "M12 5v14M5 12h14",
  check: "M5 12.500 10 17.500 19 7",
  warn: "M12 4 3 19.500h18zM12 10v4.500M12 17v.01",
  swap: "M7 4 3.500 7.500 7 11M3.500 7.500H17M17 13l3.500 3.500L17 20M20.500 16.500H7",
  upload: "M12 16V5M7 9.500 12 4.500l5 5M5 19.500h14",
  undo: "M8 5 4 9l4 4M4 9h10a5.500 5.500 0 0 1 0 11h-4",
  compare: "M4 5h6v14H4zM14 5h6v14h-6z",
};

/** @param {{name: keyof PATHS, size?: number}} props */
export function Icon({ name, size = 18 }) {
  const solid = name === "play" ? "currentColor" : "none";
  return html`<svg
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill=${solid}
    stroke="currentColor"
    stroke-width="1.75"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    <path d=${PATHS[name]} />
  </svg>`;
}

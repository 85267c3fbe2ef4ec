/** The frame of every page: its title, which is told when somebody comes to it. */
import { html, useEffect, useRef } from "../html.js";
import { usePlace } from "../router.js";

let shown = -1;

/**
 * @param {{title: string, shownTitle?: any, lead?: any, note?: any, actions?: any, children: any}} props
 */
export function Page({ title, shownTitle, lead, note, actions, children }) {
  const heading = useRef(null);
  const { visit } = usePlace();
  useEffect(() => {
    document.title = title === "Nearfield" ? title : `${title} · Nearfield`;
  }, [title]);
  useEffect(() => {
    // after the first page the heading takes the focus: keyboards and screen readers begin there
    if (shown !== -1 && shown !== visit) heading.current?.focus({ preventScroll: true });
    shown = visit;
  }, [visit]);
  return html`<div class="page">
    <header class="page-head">
      <div class="page-title">
        ${lead}
        <div>
          <h1 tabindex="-1" ref=${heading}>${shownTitle ?? title}</h1>
          ${note && html`<p class="quiet">${note}</p>`}
        </div>
      </div>
      ${actions && html`<div class="row">${actions}</div>`}
    </header>
    ${children}
  </div>`;
}

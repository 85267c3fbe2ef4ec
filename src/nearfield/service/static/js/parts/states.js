/** What is shown instead of data: it is coming, there is none, or it could not be had. */
import { html } from "../html.js";
import { Icon } from "./icon.js";

/** Something that is still coming; as high as what will be there. */
export function Skeleton({ width = "100%", height = 16 }) {
  return html`<div class="skeleton" style=${{ width, height: `${height}px` }} aria-hidden="true"></div>`;
}

/** Rows of a list that is still coming. */
export function SkeletonRows({ rows = 8, label = "Loading" }) {
  return html`<div role="status" aria-label=${label}>
    <ul class="items" aria-hidden="true">
      ${Array.from(
        { length: rows },
        (_, index) => html`<li class="item" key=${index}>
          <div class="skeleton tile"></div>
          <div class="item-text">
            <${Skeleton} width="${48 - ((index * 17) % 23)}%" height=${14} />
            <${Skeleton} width="${34 - ((index * 13) % 17)}%" height=${12} />
          </div>
        </li>`,
      )}
    </ul>
  </div>`;
}

/** There is nothing, and what to do about it. */
export function Empty({ title, children }) {
  return html`<div class="empty">
    <strong>${title}</strong>
    ${children && html`<div>${children}</div>`}
  </div>`;
}

/** What went wrong, and a button to try again. */
export function Fault({ error, retry }) {
  return html`<div class="note bad" role="alert">
    <${Icon} name="warn" />
    <span>${error.message}</span>
    ${retry && html`<button type="button" class="button little" onClick=${retry}>Try again</button>`}
  </div>`;
}

/** Data of the service: its skeleton, its error, or itself. */
export function Shown({ remote, skeleton, children }) {
  if (remote.data !== undefined && remote.data !== null) {
    return html`${remote.error && html`<${Fault} error=${remote.error} retry=${remote.reload} />`}
      ${children(remote.data)}`;
  }
  if (remote.error) return html`<${Fault} error=${remote.error} retry=${remote.reload} />`;
  return skeleton ?? html`<${SkeletonRows} />`;
}

/** Where a list is from: the spaces and the versions of their models; or why it is only what is popular. */
import { html } from "../html.js";
import { Icon } from "./icon.js";

export function Source({ answer }) {
  if (!answer) return html`<p class="source small quiet">\u00a0</p>`;
  if (answer.degraded) {
    return html`<div class="note caution" role="status">
      <${Icon} name="warn" />
      <span>The vectors are away for the moment. This is what is popular; your list comes back by itself.</span>
    </div>`;
  }
  const models = Object.entries(answer.models);
  const popular = answer.items[0]?.space === "popular" || answer.items[0]?.space === "popularity";
  return html`<p class="source small quiet">
    ${
      popular
        ? "Nothing is known of you yet, so this is what is popular."
        : html`From
          ${models.map(
            (
              [space, version],
              index,
            ) => html`${index ? " and " : " "}<strong key=${space}>${space}</strong>${" "}
              <code>${version}</code>`,
          )}`}
  </p>`;
}

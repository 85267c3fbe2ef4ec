/** Where a list is from: the spaces and the versions of their models; or why it is less than it could be. */
import { html } from "../html.js";
import { Icon } from "./icon.js";

/** What is said of an answer by what it is while Milvus does not answer. */
const INSTEAD = {
  popular: "The vectors are away for the moment. This is what is popular; your list comes back by itself.",
  "last-good": "The vectors are away for the moment. This is your last list; a new one comes by itself.",
  partial: "One of the spaces is away for the moment. This is what the others say.",
};

export function Source({ answer }) {
  if (!answer) return html`<p class="source small quiet">\u00a0</p>`;
  if (answer.degraded) {
    return html`<div class="note caution" role="status">
      <${Icon} name="warn" />
      <span>${INSTEAD[answer.degraded]}</span>
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

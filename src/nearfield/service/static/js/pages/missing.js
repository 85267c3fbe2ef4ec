/** There is no such page. */
import { html } from "../html.js";
import { Page } from "../parts/page.js";
import { Empty } from "../parts/states.js";

export function MissingPage() {
  return html`<${Page} title="Nothing is here">
    <${Empty} title="There is no page at this address"><a href="/">Go home</a><//>
  <//>`;
}

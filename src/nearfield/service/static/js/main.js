/** Starts the page. */
import { Frame } from "./frame.js";
import { html, render } from "./html.js";
import { followLinks } from "./router.js";

followLinks();
render(html`<${Frame} />`, document.getElementById("app"));

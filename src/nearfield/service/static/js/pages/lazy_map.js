/** The map is loaded when somebody looks at it: it is larger than all other pages together. */
import { html, useEffect, useState } from "../html.js";
import { Page } from "../parts/page.js";
import { Empty, Skeleton } from "../parts/states.js";

export function LazyMap({ catalogue }) {
  const [found, setFound] = useState({ MapPage: null, missing: false });
  useEffect(() => {
    import("../map/map_page.js").then(
      ({ MapPage }) => setFound({ MapPage, missing: false }),
      () => setFound({ MapPage: null, missing: true }),
    );
  }, []);
  const { MapPage, missing } = found;
  if (MapPage) return html`<${MapPage} catalogue=${catalogue} />`;
  return html`<${Page} title="Map">
    ${
      missing
        ? html`<${Empty} title="The map could not be loaded">Reload the page to try again.<//>`
        : html`<${Skeleton} height=${560} />`}
  <//>`;
}

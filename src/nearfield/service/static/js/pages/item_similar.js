/** What is similar to an item; and, once somebody said what they think, what of it fits them. */
import { spacesOf, useFresh, useRecommend, useSimilar } from "../answers.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { Segments } from "../parts/button.js";
import { Items, rowOf } from "../parts/items.js";
import { Source } from "../parts/source.js";
import { Empty, Shown, SkeletonRows } from "../parts/states.js";
import { opinionOf, useTaste, useWho, wishOf } from "../session.js";

const ROWS = 12;
const MODES = [
  ["item", "Like this one"],
  ["taste", "Fits you too"],
];

/**
 * @param {{catalogue: any, item: any, spaces: [string, string][]}} props
 */
export function Similar({ catalogue, item, spaces }) {
  const { name, music } = catalogue;
  const [space, setSpace] = useState(catalogue.default_space ?? "");
  const who = useWho(name);
  const taste = useTaste(name);
  const [mode, setMode] = useModes(taste, item.id);
  const query = { k: ROWS, space, exclude: out(taste, item.id).join(",") };
  const similar = useSimilar(name, item.id, mode === "item" ? query : null);
  const wish = wishOf(who, taste, opinionOf(taste, item.id) === "disliked" ? [] : [item.id]);
  const asked = { ...wish, k: ROWS, spaces: spacesOf(catalogue, space) };
  const fitting = useRecommend(name, mode === "taste" ? asked : null);
  const remote = mode === "taste" ? fitting : similar;
  const fresh = useFresh(remote, `${name} ${item.id} ${space}`);
  return html`<section class="stack wide" aria-labelledby="similar">
    <div class="row apart">
      <h2 id="similar">Similar</h2>
      <div class="row">
        <${Segments} label="Which list" value=${mode} options=${MODES} onChange=${setMode} />
        ${spaces.length > 1 &&
        html`<${Segments} label="Space" value=${space} options=${spaces} onChange=${setSpace} />`}
      </div>
    </div>
    <${Source} answer=${remote.data} />
    <div class="similar-list">
      <${Shown} remote=${remote} skeleton=${html`<${SkeletonRows} rows=${ROWS} />`}>
        ${(answer) =>
          answer.items.length
            ? html`<${Items}
                catalogue=${name}
                rows=${answer.items.map(rowOf)}
                label="Similar items"
                music=${music}
                fresh=${fresh}
                stale=${remote.stale}
                ranked
                judged
              />`
            : html`<${Empty} title="Nothing is left">Take back some of what you left out.<//>`}
      <//>
    </div>
  </section>`;
}

/** What is left out of a list of similar items: what one does not want to see. */
const out = (taste, own) =>
  [...taste.disliked, ...taste.hidden].map((one) => one.id).filter((id) => id !== own);

/** The mode; whoever likes or dislikes something wants a list that fits. */
function useModes(taste, own) {
  const [mode, setMode] = useState("item");
  const said = taste.liked.length + taste.disliked.length + (opinionOf(taste, own) === "hidden" ? 1 : 0);
  const before = useRef(said);
  useEffect(() => {
    if (said > before.current) setMode("taste");
    before.current = said;
  }, [said]);
  return [mode, setMode];
}

/** For you: who asks, what is wanted, and the list; or two lists beside each other. */
import { spaceOptions } from "../answers.js";
import { html, useState } from "../html.js";
import { NO_FILTERS, whereOf } from "../filters.js";
import { GenreChips, Years } from "../parts/filters.js";
import { Page } from "../parts/page.js";
import { Shown, Skeleton, SkeletonRows } from "../parts/states.js";
import { useCatalogue, useSettled } from "../remote.js";
import { useTaste, useWho, wishOf } from "../session.js";
import { kept, keep } from "../store.js";
import { YouAre } from "./you_are.js";
import { Answers } from "./you_answers.js";

const START = Object.freeze({ diversity: 0, space: "" });

export function YouPage({ catalogue }) {
  const remote = useCatalogue(catalogue);
  return html`<${Page} title="For you" note="Say who you are or what you like; the list follows.">
    <${Shown} remote=${remote} skeleton=${html`<${Waiting} />`}>
      ${(about) => html`<${You} about=${about} />`}
    <//>
  <//>`;
}

function You({ about }) {
  const { name } = about;
  const [attributes, setAttributes] = useState(() => kept("session", `attributes.${name}`, {}));
  const [filters, setFilters] = useState(NO_FILTERS);
  const [sides, setSides] = useState([{ ...START, space: about.default_space ?? "" }]);
  const who = useWho(name);
  const taste = useTaste(name);
  const comparing = sides.length > 1;
  const given = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ""));
  const settled = useSettled({ where: whereOf(filters), given: JSON.stringify(given) }, 250);
  const wish = {
    ...wishOf(who, taste),
    ...(who ? {} : { attributes: JSON.parse(settled.given) }),
    ...(settled.where ? { where: settled.where } : {}),
  };
  const say = (told) => {
    const next = { ...attributes, ...told };
    setAttributes(next);
    keep("session", `attributes.${name}`, next);
  };
  const changeFilters = (told) => setFilters((old) => ({ ...old, ...told }));
  const changeSide = (index, told) =>
    setSides((all) => all.map((one, place) => (place === index ? { ...one, ...told } : one)));
  const compare = () => setSides(comparing ? sides.slice(0, 1) : [sides[0], otherSide(about, sides[0])]);
  return html`<div class="you">
    <aside class="you-side" aria-label="Who you are and what you want">
      <${YouAre} about=${about} who=${who} taste=${taste} attributes=${attributes} onSay=${say} />
      <section class="stack wide" aria-label="Filters">
        <h2>Only</h2>
        <div class="genre-space">
          <${GenreChips}
            genres=${about.genres}
            chosen=${filters.genres}
            onChange=${(genres) => changeFilters({ genres })}
          />
        </div>
        <${Years} from=${filters.from} until=${filters.until} onChange=${changeFilters} />
      </section>
    </aside>
    <${Answers}
      about=${about}
      wish=${wish}
      sides=${sides}
      spaces=${spaceOptions(about)}
      onChange=${changeSide}
      onCompare=${compare}
    />
  </div>`;
}

/** What is worth comparing first: another space; where there is one only, a more varied list. */
function otherSide(about, side) {
  const other = about.spaces.find((one) => one.space !== side.space);
  return other ? { ...side, space: other.space } : { ...side, diversity: 0.6 };
}

function Waiting() {
  return html`<div class="you">
    <div class="you-side"><${Skeleton} height=${320} /></div>
    <${SkeletonRows} rows=${12} />
  </div>`;
}

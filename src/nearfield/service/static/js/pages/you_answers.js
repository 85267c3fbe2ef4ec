/** One list of recommendations, or two beside each other with their differences. */
import { spacesOf, useFresh, useRecommend } from "../answers.js";
import { many, percent } from "../format.js";
import { html, useMemo } from "../html.js";
import { Choice, Field } from "../parts/button.js";
import { Icon } from "../parts/icon.js";
import { Items, rowOf } from "../parts/items.js";
import { Source } from "../parts/source.js";
import { Empty, Shown, SkeletonRows } from "../parts/states.js";
import { useSettled } from "../remote.js";

const ROWS = 20;
const LETTERS = ["A", "B"];

/**
 * @param {object} props
 * @param {any} props.about the catalogue
 * @param {object} props.wish what both ask alike
 * @param {{space: string, diversity: number}[]} props.sides one or two
 * @param {[string, string][]} props.spaces
 * @param {(index: number, told: object) => void} props.onChange
 * @param {() => void} props.onCompare
 */
export function Answers({ about, wish, sides, spaces, onChange, onCompare }) {
  const comparing = sides.length > 1;
  const remotes = [useSide(about, wish, sides[0]), useSide(about, wish, sides[1])];
  const lists = remotes.map((one) => one.data?.items ?? []);
  const ready = comparing && lists[0].length > 0 && lists[1].length > 0;
  const marks = useMemo(
    () => (ready ? [marksOf(lists[0], lists[1], "A"), marksOf(lists[1], lists[0], "B")] : []),
    [remotes[0].data, remotes[1].data, ready],
  );
  const both = lists[0].filter((one) => lists[1].some((other) => other.item === one.item)).length;
  return html`<div class="answers">
    <div class="row apart answers-head">
      <p class="small quiet" role="status">
        ${
          ready &&
          `${many(both, "item")} in both lists, ${lists[0].length - both} only in A, ` +
            `${lists[1].length - both} only in B.`}
      </p>
      <button type="button" class="button little" aria-pressed=${String(comparing)} onClick=${onCompare}>
        <${Icon} name="compare" size=${16} /> Compare two
      </button>
    </div>
    <div class=${comparing ? "columns" : ""}>
      ${sides.map(
        (side, index) => html`<section
          class="stack wide"
          key=${index}
          aria-label=${comparing ? `List ${LETTERS[index]}` : "Recommended"}
        >
          ${comparing && html`<h2>${LETTERS[index]}</h2>`}
          <${Knobs} side=${side} spaces=${spaces} onChange=${(told) => onChange(index, told)} />
          <${List}
            about=${about}
            remote=${remotes[index]}
            marks=${marks[index]}
            scope=${JSON.stringify([about.name, side.space])}
          />
        </section>`,
      )}
    </div>
  </div>`;
}

function useSide(about, wish, side) {
  const diversity = useSettled(side?.diversity ?? 0, 200);
  const asked = side && { ...wish, k: ROWS, spaces: spacesOf(about, side.space), diversity };
  return useRecommend(about.name, asked ?? null);
}

function Knobs({ side, spaces, onChange }) {
  return html`<div class="knobs">
    ${spaces.length > 1 &&
    html`<${Choice}
        label="Space"
        value=${side.space}
        options=${spaces}
        onChange=${(space) => onChange({ space })}
      />`}
    <${Field} label="Diversity" hint=${percent(side.diversity)}>
      ${(id) => html`<input
        id=${id}
        type="range"
        min="0"
        max="1"
        step="0.05"
        value=${side.diversity}
        aria-valuetext=${percent(side.diversity)}
        onInput=${(event) => onChange({ diversity: Number(event.currentTarget.value) })}
      />`}
    <//>
  </div>`;
}

function List({ about, remote, marks, scope }) {
  const fresh = useFresh(remote, scope);
  return html`<${Source} answer=${remote.data} />
    <div class="answer-list">
      <${Shown} remote=${remote} skeleton=${html`<${SkeletonRows} rows=${12} />`}>
        ${(answer) =>
          answer.items.length
            ? html`<${Items}
                catalogue=${about.name}
                rows=${answer.items.map(rowOf)}
                label="Recommended"
                music=${about.music}
                fresh=${fresh}
                marks=${marks}
                stale=${remote.stale}
                ranked
                judged
              />`
            : html`<${Empty} title="Nothing fits">Take some filters away.<//>`}
      <//>
    </div>`;
}

/** What is said of the rows of one list beside another: only here, or how much higher or lower. */
function marksOf(items, others, letter) {
  const places = new Map(others.map((one, index) => [one.item, index]));
  return new Map(
    items.map(({ item }, index) => {
      const there = places.get(item);
      if (there === undefined) return [item, html` <span class="badge busy">only ${letter}</span>`];
      if (there === index) return [item, null];
      const [sign, word] = there > index ? ["↑", "higher"] : ["↓", "lower"];
      const by = Math.abs(there - index);
      return [
        item,
        html`<span class="badge number">
          <span aria-hidden="true">${sign}${by}</span>
          <span class="heard">${by} ${word} than in the other list</span>
        </span>`,
      ];
    }),
  );
}

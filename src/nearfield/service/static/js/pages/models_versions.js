/** The versions that were trained: when, from what, how they learned. */
import { count, moment, took, words } from "../format.js";
import { html } from "../html.js";
import { Curve } from "../parts/curve.js";
import { Empty } from "../parts/states.js";

/** @param {{models: any[], onPublish: (model: any) => void}} props */
export function Versions({ models, onPublish }) {
  if (!models.length) return html`<${Empty} title="No model yet">Train one; it appears here.<//>`;
  return html`<ul class="versions">
    ${models.map(
      (model) => html`<li key=${`${model.recommender} ${model.version}`} class="version">
        <${Curve} values=${model.curve} label=${`Learning curve of ${model.recommender} ${model.version}`} />
        <div class="item-text">
          <div class="row">
            <strong>${model.recommender}</strong> <code class="small">${model.version}</code>
            ${model.active && html`<span class="badge good">answers</span>`}
            ${!model.active && model.published && html`<span class="badge">kept</span>`}
          </div>
          <p class="small quiet number">${factsOf(model)}</p>
          <p class="small quiet number">${learned(model.curve)}</p>
          <${Settings} config=${model.config} />
        </div>
        <button type="button" class="button little" disabled=${model.active} onClick=${() => onPublish(model)}>
          Publish<span class="heard"> ${model.recommender} ${model.version}</span>
        </button>
      </li>`,
    )}
  </ul>`;
}

function factsOf({ created, items, users, events, seconds }) {
  const sizes = [
    [items, "items"],
    [users, "users"],
    [events, "events"],
  ];
  const told = sizes.filter(([number]) => number).map(([number, what]) => `${count(number)} ${what}`);
  return [moment(created), ...told, seconds && `took ${took(seconds)}`].filter(Boolean).join(" · ");
}

/** The curve in words, for those who do not see it. */
function learned(curve) {
  if (!curve.length) return "";
  if (curve.length === 1) return `loss ${curve[0].toFixed(3)} after 1 epoch`;
  return `loss ${curve[0].toFixed(3)} → ${curve.at(-1).toFixed(3)} in ${curve.length} epochs`;
}

function Settings({ config }) {
  const rows = Object.entries(config);
  if (!rows.length) return null;
  return html`<details class="small">
    <summary>Settings</summary>
    <dl class="facts">
      ${rows.map(
        ([name, value]) => html`<div
        key=${name}
      ><dt>${words(name)}</dt><dd class="number">${String(value)}</dd></div>`,
      )}
    </dl>
  </details>`;
}

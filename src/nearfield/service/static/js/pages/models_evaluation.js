/** The table of an evaluation: our models beside simple ones, the best of each column in bold. */
import { moment } from "../format.js";
import { html } from "../html.js";
import { Empty, Fault, Skeleton } from "../parts/states.js";

const SMALLER_IS_BETTER = /rmse/;
const NO_QUALITY = /seconds|popularity|gini/; // told, but neither more nor less is better

/** @param {{remote: import("../remote.js").Remote, onEvaluate: () => void}} props */
export function Evaluation({ remote, onEvaluate }) {
  const { data, error } = remote;
  return html`<section class="stack wide" aria-labelledby="evaluation">
    <div class="row apart">
      <h2 id="evaluation">Evaluation</h2>
      <button type="button" class="button little" onClick=${onEvaluate}>Evaluate</button>
    </div>
    ${data && html`<${Table} rows=${data.rows} created=${data.created} />`}
    ${!data && !error && html`<${Skeleton} height=${160} />`}
    ${error?.status === 404 &&
    html`<${Empty}
      title="Not measured yet"
    >
      An evaluation trains on a part of the events, and takes a while.
    <//>`}
    ${error && error.status !== 404 && html`<${Fault} error=${error} retry=${remote.reload} />`}
  </section>`;
}

function Table({ rows, created }) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) =>
    rows.some((row) => typeof row[name] === "number"),
  );
  const best = Object.fromEntries(columns.map((name) => [name, bestOf(rows, name)]));
  return html`<div class="table-scroll" role="region" aria-label="Evaluation table" tabindex="0">
    <table>
      <caption class="heard">Figures of each model, measured ${moment(created)}</caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          ${columns.map(
            (name) => html`<th
            scope="col"
            class="number"
            key=${name}
          >
            ${name.replaceAll("_", " ")}
          </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) => html`<tr key=${row.model}>
            <th scope="row">${row.model}</th>
            ${columns.map(
              (name) =>
                html`<td
                  class=${row[name] === best[name] ? "number best" : "number"}
                  key=${name}
                >
                  ${figure(row[name])}
                </td>`,
            )}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>
  <p class="small quiet">Measured ${moment(created)}.</p>`;
}

function bestOf(rows, name) {
  if (NO_QUALITY.test(name) || rows.length < 2) return null;
  const values = rows.map((row) => row[name]).filter(Number.isFinite);
  return SMALLER_IS_BETTER.test(name) ? Math.min(...values) : Math.max(...values);
}

function figure(value) {
  if (!Number.isFinite(value)) return "–";
  return value.toFixed(Math.abs(value) < 1 ? 4 : Math.abs(value) < 100 ? 2 : 0);
}

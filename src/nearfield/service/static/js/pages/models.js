/** Models: what answers, what was trained, how well it does. */
import { of, post } from "../api.js";
import { count, moment } from "../format.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { say } from "../live.js";
import { Confirm } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { JobRow, isOver } from "../parts/job.js";
import { Page } from "../parts/page.js";
import { Empty, Shown, SkeletonRows } from "../parts/states.js";
import { together, useCatalogue, useEvery, useGet } from "../remote.js";
import { Evaluation } from "./models_evaluation.js";
import { TrainButton } from "./models_train.js";
import { Versions } from "./models_versions.js";

export function ModelsPage({ catalogue }) {
  const about = useCatalogue(catalogue);
  const models = useGet(of(catalogue, "models"));
  const evaluation = useGet(of(catalogue, "evaluation"));
  const jobs = useGet("/api/jobs");
  const [asked, setAsked] = useState(null);
  const going = (jobs.data?.jobs ?? []).filter((one) => one.catalogue === catalogue && !isOver(one));
  useEvery(1000, going.length > 0, jobs.reload);
  const before = useRef(0);
  useEffect(() => {
    if (going.length < before.current) [about, models, evaluation].forEach((one) => one.reload());
    before.current = going.length;
  }, [going.length]);
  const start = async (path, body, what) => {
    try {
      await post(path, body);
      say(`${what}: the job has begun.`, { seen: true });
      jobs.reload();
    } catch (error) {
      say(error.message, { seen: true });
    }
  };
  const train = html`<${TrainButton}
    about=${about.data}
    onTrain=${(options) => start(of(catalogue, "jobs"), { kind: "train", options }, "Training")}
  />`;
  return html`<${Page}
    title="Models"
    note=${`What answers for ${catalogue}, and what was trained.`}
    actions=${train}
  >
    ${going.length > 0 &&
    html`<ul class="jobs" aria-label="Jobs of this catalogue">
      ${going.map((one) => html`<${JobRow} key=${one.id} job=${one} onChange=${jobs.reload} />`)}
    </ul>`}
    <${Shown} remote=${together(about, models)} skeleton=${html`<${SkeletonRows} rows=${8} />`}>
      ${([{ spaces }, trained]) => html`<section class="stack wide" aria-labelledby="answering">
          <h2 id="answering">Answering now</h2>
          <${Answering} spaces=${spaces} onBack=${(space) => setAsked(rollingBack(catalogue, space, start))} />
        </section>
        <section class="stack wide" aria-labelledby="versions">
          <h2 id="versions">Versions</h2>
          <${Versions}
            models=${trained.models}
            onPublish=${(model) => setAsked(publishing(catalogue, model, start))}
          />
        </section>
        <${Evaluation}
          remote=${evaluation}
          onEvaluate=${() => start(of(catalogue, "jobs"), { kind: "evaluate", options: {} }, "Evaluation")}
        />`}
    <//>
    ${asked &&
    html`<${Confirm}
      title=${asked.title}
      yes=${asked.yes}
      onYes=${asked.act}
      onClose=${() => setAsked(null)}
    >
      ${asked.text}
    <//>`}
  <//>`;
}

function Answering({ spaces, onBack }) {
  if (!spaces.length)
    return html`<${Empty} title="Nothing is published yet">Publish a version to let it answer.<//>`;
  return html`<ul class="cards">
    ${spaces.map(
      (one) => html`<li class="card stack" key=${one.space}>
        <div class="row apart">
          <h3>${one.space}</h3>
          <button type="button" class="button little" onClick=${() => onBack(one)}>
            <${Icon} name="undo" size=${16} /> Roll back
          </button>
        </div>
        <code class="small">${one.version}</code>
        <p class="small quiet number">
          ${count(one.rows)} vectors of ${one.dim} numbers, since ${moment(one.created)}
        </p>
      </li>`,
    )}
  </ul>`;
}

const publishing = (catalogue, model, start) => ({
  title: `Publish ${model.recommender} ${model.version}?`,
  text:
    "Its vectors are loaded and checked; then it answers. What answers now goes on until that moment, " +
    "and is kept for a rollback.",
  yes: "Publish",
  act: () =>
    start(of(catalogue, "models", model.recommender, model.version, "publish"), undefined, "Publishing"),
});

const rollingBack = (catalogue, space, start) => ({
  title: `Roll ${space.space} back?`,
  text: `The version that answered before ${space.version} answers again.`,
  yes: "Roll back",
  act: () => start(of(catalogue, "spaces", space.space, "rollback"), undefined, "Rolling back"),
});

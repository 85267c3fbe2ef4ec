/** Long work: its state and how far it is. */
import { get, remove } from "../api.js";
import { count, moment, words } from "../format.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { say } from "../live.js";
import { useEvery } from "../remote.js";

const OVER = new Set(["done", "failed", "cancelled"]);
const LOOKS = { running: "busy", done: "good", failed: "bad" };
const POLL = 1000;

export const isOver = (job) => OVER.has(job.state);

/**
 * Follow a job until it ends.
 * @param {any} job as it was accepted, or null
 * @param {(job: any) => void} onEnd
 */
export function useJob(job, onEnd) {
  const [now, setNow] = useState(job);
  const ended = useRef(false);
  const seen = now ?? job;
  useEffect(() => setNow(job), [job]);
  useEvery(POLL, Boolean(seen) && !isOver(seen), () =>
    get(`/api/jobs/${encodeURIComponent(seen.id)}`).then(setNow, () => {}),
  );
  useEffect(() => {
    if (!seen || !isOver(seen) || ended.current) return;
    ended.current = true;
    onEnd(seen);
  }, [seen]);
  return seen;
}

export function JobState({ job }) {
  return html`<span class=${`badge ${LOOKS[job.state] ?? ""}`}>${job.state}</span>`;
}

/** How far a job is, as a bar and in words. */
export function Steps({ job }) {
  const { what, done, total, unit, note } = job.progress ?? {};
  const share = total > 0 ? done / total : undefined;
  const numbers = total > 0 ? `${count(done)} of ${count(total)}${unit ? ` ${unit}` : ""}` : "";
  const told =
    job.state === "queued"
      ? "Waiting for its turn"
      : [what || "Beginning", numbers, note].filter(Boolean).join(" · ");
  return html`<div class="steps">
    <progress max="1" value=${share} aria-label=${`Progress of ${job.kind}`}></progress>
    <span class="small quiet line number">${told}</span>
  </div>`;
}

/** One job as a row of a list. */
export function JobRow({ job, onChange }) {
  const cancel = async () => {
    try {
      await remove(`/api/jobs/${encodeURIComponent(job.id)}`);
      say(`${words(job.kind)} is being cancelled.`);
      onChange();
    } catch (error) {
      say(error.message, { seen: true });
    }
  };
  return html`<li class="job">
    <div class="row apart">
      <div class="row">
        <strong>${words(job.kind)}</strong>
        <span class="small quiet">${[job.catalogue, ...detail(job)].filter(Boolean).join(" · ")}</span>
      </div>
      <div class="row">
        <time class="small quiet" datetime=${job.created}>${moment(job.created)}</time>
        <${JobState} job=${job} />
      </div>
    </div>
    ${
      isOver(job)
        ? job.message && html`<p class="small quiet job-message">${job.message}</p>`
        : html`<div class="row job-going">
          <${Steps} job=${job} />
          <button
            type="button"
            class="button little"
            onClick=${cancel}
            aria-label=${`Cancel ${job.kind}`}
          >
            Cancel
          </button>
        </div>`}
  </li>`;
}

/** What a job works on, as far as it fits a line. */
function detail({ options }) {
  const { recommender, space, version, protocol, paths } = options ?? {};
  return [
    recommender ?? space,
    version,
    protocol,
    paths?.map((path) => path.split("/").pop()).join(", "),
  ].filter(Boolean);
}

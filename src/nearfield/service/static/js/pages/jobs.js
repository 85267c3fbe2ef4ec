/** Jobs: the long work of every catalogue, newest first. */
import { html } from "../html.js";
import { JobRow, isOver } from "../parts/job.js";
import { Page } from "../parts/page.js";
import { Empty, Shown, SkeletonRows } from "../parts/states.js";
import { useEvery, useGet } from "../remote.js";

const BUSY = 1000;
const IDLE = 10_000;

export function JobsPage() {
  const remote = useGet("/api/jobs");
  const going = remote.data?.jobs.some((one) => !isOver(one));
  useEvery(going ? BUSY : IDLE, true, remote.reload);
  return html`<${Page} title="Jobs" note="Long work goes on here while you do something else.">
    <section class="fill" aria-label="Jobs">
      <${Shown} remote=${remote} skeleton=${html`<${SkeletonRows} rows=${6} />`}>
        ${({ jobs }) =>
          jobs.length
            ? html`<ul class="jobs">
                ${jobs.map((one) => html`<${JobRow} key=${one.id} job=${one} onChange=${remote.reload} />`)}
              </ul>`
            : html`<${Empty} title="No job yet">Training, publishing and adding songs appear here.<//>`}
      <//>
    </section>
  <//>`;
}

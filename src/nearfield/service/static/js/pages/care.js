/** Library care: what is there twice, what needs a decision, what could not be used, and new songs. */
import { of } from "../api.js";
import { count } from "../format.js";
import { html } from "../html.js";
import { Segments } from "../parts/button.js";
import { Page } from "../parts/page.js";
import { Empty, Shown, SkeletonRows } from "../parts/states.js";
import { together, useCatalogue, useGet } from "../remote.js";
import { go, to, usePlace } from "../router.js";
import { GroupCard, ReviewCard } from "./care_group.js";
import { Uploads } from "./care_upload.js";

export function CarePage({ catalogue }) {
  const { query } = usePlace();
  const about = useCatalogue(catalogue);
  const copies = useGet(of(catalogue, "duplicates"));
  const versions = useGet(of(catalogue, "versions"));
  const failed = useGet(of(catalogue, "failed"));
  const views = {
    review: { title: "To review", size: sizeOf(copies.data?.review, versions.data?.review) },
    duplicates: { title: "Duplicates", size: sizeOf(copies.data?.groups) },
    versions: { title: "Versions", size: sizeOf(versions.data?.groups) },
    failed: { title: "Failed", size: sizeOf(failed.data?.files) },
  };
  const shown = views[query.get("show")] ? query.get("show") : "review";
  const options = Object.entries(views).map(([key, { title, size }]) => [key, titled(title, size)]);
  const refresh = () => [about, copies, versions, failed].forEach((one) => one.reload());
  return html`<${Page} title="Library care" note="Copies, versions, and files that could not be used.">
    <${Uploads} catalogue=${catalogue} onDone=${refresh} />
    <section class="stack wide fill" aria-label="Library">
      <${Segments}
        label="What is shown"
        value=${shown}
        options=${options}
        onChange=${(show) => {
          go(`${to.catalogue(catalogue, "care")}?show=${show}`, true);
          refresh(); // what was decided moves a song from one list to another
        }}
      />
      ${shown === "review" && html`<${Reviews} catalogue=${catalogue} copies=${copies} versions=${versions} />`}
      ${shown === "duplicates" &&
      html`<${Groups}
          key="duplicates"
          catalogue=${catalogue}
          remote=${copies}
          none="Every recording is there once"
        />`}
      ${shown === "versions" &&
      html`<${Groups}
          key="versions"
          catalogue=${catalogue}
          remote=${versions}
          none="No song is there in two versions"
          versions
        />`}
      ${shown === "failed" && html`<${Failed} remote=${failed} />`}
    </section>
  <//>`;
}

const sizeOf = (...lists) =>
  lists.some((one) => !one) ? null : lists.reduce((sum, one) => sum + one.length, 0);

const titled = (title, size) =>
  html`${title} <span class="badge number">${size === null ? "…" : count(size)}</span>`;

function Reviews({ catalogue, copies, versions }) {
  return html`<${Shown} remote=${together(copies, versions)} skeleton=${html`<${SkeletonRows} rows=${6} />`}>
    ${(reports) => {
      const reviews = reports.flatMap((one) => one.review);
      if (!reviews.length)
        return html`<${Empty} title="Nothing to review">Pairs that are not sure appear here.<//>`;
      return html`<ul class="stack wide">
        ${reviews.map(
          (one) =>
            html`<li
              key=${`${one.a.item} ${one.b.item} ${one.reason}`}
            >
              <${ReviewCard} catalogue=${catalogue} review=${one} /></li>`,
        )}
      </ul>`;
    }}
  <//>`;
}

function Groups({ catalogue, remote, none, versions = false }) {
  return html`<${Shown} remote=${remote} skeleton=${html`<${SkeletonRows} rows=${6} />`}>
    ${({ groups }) =>
      groups.length
        ? html`<ul class="stack wide">
            ${groups.map(
              (group) => html`<li key=${`${group.canonical.item} ${group.canonical.path}`}>
                <${GroupCard} catalogue=${catalogue} group=${group} versions=${versions} />
              </li>`,
            )}
          </ul>`
        : html`<${Empty} title=${none} />`}
  <//>`;
}

function Failed({ remote }) {
  return html`<${Shown} remote=${remote} skeleton=${html`<${SkeletonRows} rows=${4} />`}>
    ${({ files }) =>
      files.length
        ? html`<ul class="failed" aria-label="Failed files">
            ${files.map(
              (file) => html`<li key=${file.path}>
                <code>${file.path}</code>
                <span>
                  <span class="badge bad">${file.reason}</span>${" "}
                  <span class="small quiet">${file.message}</span>
                </span>
              </li>`,
            )}
          </ul>`
        : html`<${Empty} title="Every file could be used" />`}
  <//>`;
}

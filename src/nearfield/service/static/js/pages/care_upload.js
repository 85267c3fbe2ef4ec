/** New songs: dropped or chosen, sent, and listened to by a job. */
import { asking, of, upload } from "../api.js";
import { percent } from "../format.js";
import { html, useId, useRef, useState } from "../html.js";
import { say } from "../live.js";
import { Icon } from "../parts/icon.js";
import { JobState, Steps, isOver, useJob } from "../parts/job.js";

let serial = 0;

export function Uploads({ catalogue, onDone }) {
  const [files, setFiles] = useState([]);
  const [over, setOver] = useState(false);
  const field = useRef(null);
  const id = useId();
  const change = (key, told) =>
    setFiles((all) => all.map((one) => (one.key === key ? { ...one, ...told } : one)));
  const add = async (list) => {
    const added = [...list].map((file) => ({ key: (serial += 1), file, sent: 0, job: null, error: null }));
    setFiles((all) => [...added, ...all]);
    for (const { key, file } of added) {
      // one after the other: together they would only wait for one another
      const path = asking(of(catalogue, "uploads"), { name: file.name });
      try {
        const job = await upload(path, file, (sent) => change(key, { sent }));
        change(key, { sent: 1, job });
      } catch (error) {
        change(key, { error });
        say(`${file.name}: ${error.message}`);
      }
    }
  };
  const onDrop = (event) => {
    event.preventDefault();
    setOver(false);
    add(event.dataTransfer.files);
  };
  return html`<section class="stack" aria-label="New songs">
    <div
      class=${over ? "drop over" : "drop"}
      onDragOver=${(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave=${() => setOver(false)}
      onDrop=${onDrop}
    >
      <${Icon} name="upload" size=${20} />
      <label
        for=${id}
      ><strong>Add songs</strong> <span class="quiet">Drop files here, or choose them.</span></label>
      <input
        ref=${field}
        id=${id}
        class="drop-field"
        type="file"
        accept="audio/*,.flac,.mka,.opus"
        multiple
        onChange=${(event) => {
          add(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </div>
    ${files.length > 0 &&
    html`<ul class="uploads" aria-label="Songs on their way">
      ${files.map((one) => html`<${Upload} key=${one.key} ...${one} onDone=${onDone} />`)}
    </ul>`}
  </section>`;
}

function Upload({ file, sent, job, error, onDone }) {
  const now = useJob(job, (ended) => {
    say(
      ended.state === "done"
        ? `${file.name} is in the library.`
        : `${file.name}: ${ended.message || ended.state}`,
      { seen: true },
    );
    onDone();
  });
  return html`<li class="upload">
    <span class="line">${file.name}</span>
    ${error && html`<span class="badge bad">not sent</span>`}
    ${!error && !now && html`<span class="badge busy number">sending ${percent(sent)}</span>`}
    ${now && html`<${JobState} job=${now} />`}
    ${!error && !now && html`<progress max="1" value=${sent} aria-label=${`Sending ${file.name}`}></progress>`}
    ${now && !isOver(now) && html`<${Steps} job=${now} />`}
    ${(error || now?.message) && html`<span class="small quiet">${error?.message ?? now.message}</span>`}
  </li>`;
}

/** Begin a training. */
import { html, useState } from "../html.js";
import { Choice, Field } from "../parts/button.js";
import { Dialog } from "../parts/dialog.js";

/** @param {{about: any, onTrain: (options: object) => void}} props */
export function TrainButton({ about, onTrain }) {
  const [open, setOpen] = useState(false);
  const known = about?.music ? ["sound"] : [];
  const names = about?.events ? ["fusion", "graph", ...known] : known;
  return html`<button
    type="button"
    class="button first"
    disabled=${!names.length}
    onClick=${() => setOpen(true)}
  >
      Train a version
    </button>
    ${open && html`<${Form} names=${names} onTrain=${onTrain} onClose=${() => setOpen(false)} />`}`;
}

function Form({ names, onTrain, onClose }) {
  const [recommender, setRecommender] = useState(names[0]);
  const [epochs, setEpochs] = useState("");
  const onSubmit = (event) => {
    event.preventDefault();
    onClose();
    onTrain(epochs ? { recommender, epochs: Number(epochs) } : { recommender });
  };
  return html`<${Dialog} title="Train a version" onClose=${onClose}>
    <form class="stack wide" onSubmit=${onSubmit}>
      <${Choice}
        label="Recommender"
        value=${recommender}
        options=${names.map((one) => [one, one])}
        onChange=${setRecommender}
      />
      <${Field} label="Epochs">
        ${(id) => html`<input
          id=${id}
          class="input"
          type="number"
          min="1"
          max="1000"
          placeholder="as many as usual"
          value=${epochs}
          onInput=${(event) => setEpochs(event.currentTarget.value)}
        />`}
      <//>
      <p class="small quiet">It answers only once you publish it.</p>
      <div class="row">
        <button type="button" class="button bare" onClick=${onClose}>Cancel</button>
        <button type="submit" class="button first">Train</button>
      </div>
    </form>
  <//>`;
}

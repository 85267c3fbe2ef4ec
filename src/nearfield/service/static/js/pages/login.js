/** Asks for a key where the service wants one. */
import { locked, post } from "../api.js";
import { html, useState } from "../html.js";
import { Field } from "../parts/button.js";
import { Fault } from "../parts/states.js";
import { forgetAll } from "../remote.js";

export function LoginPage() {
  const [key, setKey] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const onSubmit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await post("/api/login", { key: key.trim() });
      forgetAll();
      locked.set(false);
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return html`<main class="login">
    <form class="card stack wide" onSubmit=${onSubmit}>
      <img src="/static/icon.svg" alt="" width="40" height="40" />
      <div class="stack">
        <h1>Nearfield</h1>
        <p class="quiet">This service asks for a key. Whoever runs it can make one for you.</p>
      </div>
      <${Field} label="API key">
        ${(id) => html`<input
          id=${id}
          class="input"
          type="password"
          autocomplete="current-password"
          required
          value=${key}
          onInput=${(event) => setKey(event.currentTarget.value)}
        />`}
      <//>
      ${error && html`<${Fault} error=${error} />`}
      <button type="submit" class="button first" disabled=${busy}>Go on</button>
    </form>
  </main>`;
}

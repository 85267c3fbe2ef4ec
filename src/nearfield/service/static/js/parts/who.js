/** Who asks: nobody in particular, or a user of the catalogue. */
import { html, useState } from "../html.js";
import { say } from "../live.js";
import { become, useWho } from "../session.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icon.js";
import { UserSearch } from "./search.js";

export function WhoButton({ catalogue }) {
  const who = useWho(catalogue);
  const [open, setOpen] = useState(false);
  const name = who ? `user ${who.id}` : "anonymous";
  const choose = (user) => {
    become(catalogue, user && { id: user.id });
    say(user ? `You are user ${user.id}.` : "You are anonymous.");
    setOpen(false);
  };
  return html`<div class="who">
    <button type="button" class="button bare" aria-haspopup="dialog" onClick=${() => setOpen(true)}>
      <${Icon} name="person" />
      <span class="heard">You are: </span><span class="who-name">${name}</span>
    </button>
    ${open &&
    html`<${Dialog} title=${`Who are you in ${catalogue}?`} onClose=${() => setOpen(false)}>
      <p
        class="quiet"
      >
        What you like or dislike is kept as events of the user you choose. Anonymous, it stays in this tab.
      </p>
      <${UserSearch} catalogue=${catalogue} onPick=${choose} />
      <div class="row">
        <button type="button" class="button bare" onClick=${() => setOpen(false)}>Cancel</button>
        <button
          type="button"
          class="button"
          disabled=${!who}
          onClick=${() => choose(null)}
        >
          Be anonymous
        </button>
      </div>
    <//>`}
  </div>`;
}

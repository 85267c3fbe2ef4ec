/** Two songs beside each other: how they were matched, how they sound, and what one decides. */
import { of, post, remove } from "../api.js";
import { clock, place } from "../format.js";
import { html, useState } from "../html.js";
import { say } from "../live.js";
import { Confirm } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { PlayButton } from "../parts/player_bar.js";
import { Segments } from "../parts/button.js";
import { quality } from "../parts/song.js";
import { measured, relation } from "../parts/tie.js";
import { Waveform } from "../parts/waveform.js";
import { isSame, play, playing } from "../player.js";
import { to } from "../router.js";

const DECIDED = { same: "the same recording", "same-song": "the same song", different: "different songs" };

/** A group; where it has more than two members, one chooses which is compared with the best. */
export function GroupCard({ catalogue, group, versions }) {
  const [best, ...others] = group.members;
  const [at, setAt] = useState("0");
  const other = others[Number(at)];
  return html`<article class="card pair" aria-label=${best.title}>
    ${others.length > 1 &&
    html`<${Segments}
      label="Which copy is compared with the best"
      value=${at}
      options=${others.map((one, index) => [String(index), `${index + 1}: ${relation(one.relation)}`])}
      onChange=${setAt}
    />`}
    <${Pair} key=${at} catalogue=${catalogue} one=${best} other=${other} tie=${other} versions=${versions} />
  </article>`;
}

/** Two songs that are not sure to be one. */
export function ReviewCard({ catalogue, review }) {
  return html`<article class="card pair" aria-label=${`${review.a.title} and ${review.b.title}`}>
    <p class="small"><span class="badge">${relation(review.relation)}</span> ${review.reason}</p>
    <${Pair} catalogue=${catalogue} one=${review.a} other=${review.b} tie=${review} />
  </article>`;
}

function Pair({ catalogue, one, other, tie, versions = false }) {
  const [said, setSaid] = useState(tie.relation === "decided" ? "decided" : null);
  const [gone, setGone] = useState(null);
  const [error, setError] = useState(null);
  const same = one.item === other.item;
  const decide = async (verdict) => {
    try {
      const done = await post(of(catalogue, "verdicts"), { one: one.item, other: other.item, verdict });
      setSaid(verdict);
      setError(null);
      say(done.sentence);
    } catch (problem) {
      setError(problem);
    }
  };
  const keepOnly = async (kept, left) => {
    try {
      await remove(of(catalogue, "items", left.item));
      setGone(left.item);
      setError(null);
      say(`Kept: ${kept.title}. The other copy is out of the library.`, { seen: true });
    } catch (problem) {
      setError(problem);
    }
  };
  return html`<div class="sides">
      <${Side}
        catalogue=${catalogue}
        song=${one}
        heading=${tie === other ? "Best copy" : "First"}
        gone=${gone === one.item}
      />
      <${Side}
        catalogue=${catalogue}
        song=${other}
        heading=${relation(tie.relation)}
        gone=${gone === other.item}
      />
    </div>
    <${Match} catalogue=${catalogue} one=${one} other=${other} tie=${tie} />
    ${!same && !gone &&
    html`<${Decision}
      one=${one}
      other=${other}
      said=${said}
      decide=${decide}
      keepOnly=${keepOnly}
      versions=${versions}
    />`}
    ${error && html`<p class="note bad" role="alert"><${Icon} name="warn" />${error.message}</p>`}`;
}

function Side({ catalogue, song, heading, gone }) {
  const facts = [song.codec && quality(song), song.duration && clock(song.duration)]
    .filter(Boolean)
    .join(" · ");
  const played = { catalogue, id: song.item, title: song.title, artist: song.artist };
  return html`<div class=${gone ? "side-card gone" : "side-card"}>
    <div class="side-head">
      <${PlayButton} song=${played} />
      <div class="item-text">
        <div class="small quiet">${gone ? "Out of the library" : heading}</div>
        <div class="item-title line"><a href=${to.item(catalogue, song.item)}>${song.title}</a></div>
        <div class="small quiet line">${[song.artist, song.album].filter(Boolean).join(" · ") || "\u00a0"}</div>
      </div>
    </div>
    <${Waveform} song=${played} duration=${song.duration} small />
    <div
      class="small quiet line"
      title=${song.path}
    >
      ${[facts, place(song.path)].filter(Boolean).join(" · ")}
    </div>
  </div>`;
}

/** Why the two were matched, and a way to hear it: from one to the other at the same moment. */
function Match({ catalogue, one, other, tie }) {
  const rows = measured(tie);
  const aligned = Number.isFinite(tie.offset) && tie.speed > 0;
  const change = () => {
    const songs = [one, other].map((song) => ({
      catalogue,
      id: song.item,
      title: song.title,
      artist: song.artist,
    }));
    const now = playing.get();
    // a moment of the first is offset + speed x the moment of the other
    if (isSame(now.song, songs[0])) play(songs[1], Math.max(0, (now.at - tie.offset) / tie.speed));
    else if (isSame(now.song, songs[1])) play(songs[0], Math.max(0, tie.offset + tie.speed * now.at));
    else play(songs[0], Math.max(0, tie.offset));
  };
  return html`<div class="row apart match">
    <dl class="match-facts">
      ${rows.map(
        ([name, text]) => html`<div
        key=${name}
      ><dt>${name}</dt><dd class="number">${text}</dd></div>`,
      )}
      ${!rows.length && html`<div><dt>Matched</dt><dd>${relation(tie.relation)}</dd></div>`}
    </dl>
    ${aligned && one.item !== other.item &&
    html`<button type="button" class="button little" onClick=${change}>
      <${Icon} name="swap" size=${16} /> Hear the other at the same moment
    </button>`}
  </div>`;
}

function Decision({ one, other, said, decide, keepOnly, versions }) {
  const [asked, setAsked] = useState(null);
  const choice = (verdict, text) =>
    html`<button
      type="button"
      class="button little"
      aria-pressed=${String(said === verdict)}
      onClick=${() => decide(verdict)}
    >
      ${text}
    </button>`;
  return html`<div class="row apart">
    <div class="row" role="group" aria-label="Keep">
      <button type="button" class="button little" onClick=${() => setAsked([one, other])}>Keep the left</button>
      <button
        type="button"
        class="button little"
        onClick=${() => setAsked([other, one])}
      >
        Keep the right
      </button>
    </div>
    <div class="row" role="group" aria-label="Decide">
      ${choice("same", "Same recording")} ${choice("same-song", "Same song")} ${choice("different", "Different")}
      <button type="button" class="button little bare" disabled=${!said} onClick=${() => decide(null)}>
        <${Icon} name="undo" size=${16} /> Undo
      </button>
    </div>
    <p class="heard" role="status">${DECIDED[said] ? `Decided: ${DECIDED[said]}.` : ""}</p>
    ${asked &&
    html`<${Confirm}
      title=${`Keep only one of ${versions ? "these versions" : "these copies"}?`}
      yes="Keep this one"
      onYes=${() => keepOnly(...asked)}
      onClose=${() => setAsked(null)}
    >
      “${asked[0].title}” (${place(asked[0].path)}) stays. ${place(asked[1].path)} is taken out of the library with
      what was said of it; its file stays where it is.
    <//>`}
  </div>`;
}

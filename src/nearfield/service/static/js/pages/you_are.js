/** Who asks: a user, somebody with some attributes, somebody who likes a few things. */
import { asking, get, of } from "../api.js";
import { many, words } from "../format.js";
import { html, useMemo, useState } from "../html.js";
import { say } from "../live.js";
import { Field, IconButton, Segments } from "../parts/button.js";
import { ItemSearch, UserSearch, told } from "../parts/search.js";
import { Fault } from "../parts/states.js";
import { useGet, useRemote } from "../remote.js";
import { to } from "../router.js";
import { become, judge, opinionOf, takeBack, useTold } from "../session.js";

const WAYS = [
  ["user", "A user"],
  ["likes", "Likes"],
  ["attributes", "About you"],
];
const SAMPLE = 100;
const LATEST = 5;

/** @param {{about: any, who: any, taste: any, attributes: Record<string, string>, onSay: (told: any) => void}} props */
export function YouAre({ about, who, taste, attributes, onSay }) {
  const ways = WAYS.filter(([way]) => isPossible(way, about));
  const [way, setWay] = useState(who && about.users ? "user" : about.users ? ways[0][0] : "likes");
  const change = (next) => {
    setWay(next);
    if (next !== "user" && who) become(about.name, null);
  };
  return html`<section class="stack wide" aria-label="You">
    <h2>You</h2>
    <${Segments} label="How you say who you are" value=${way} options=${ways} onChange=${change} />
    <div class="you-way">
      ${way === "user" && html`<${AsUser} about=${about} who=${who} />`}
      ${way === "likes" && html`<${WithLikes} about=${about} taste=${taste} />`}
      ${way === "attributes" &&
      html`<${WithAttributes}
        about=${about}
        attributes=${attributes}
        onSay=${onSay}
      />`}
    </div>
  </section>`;
}

function isPossible(way, about) {
  if (way === "user") return about.users > 0;
  return way === "likes" || about.attributes.length > 0;
}

function AsUser({ about, who }) {
  const choose = (user) => {
    become(about.name, { id: user.id });
    say(`You are user ${user.id}.`);
  };
  return html`<${UserSearch} catalogue=${about.name} onPick=${choose} />
    ${
      who
        ? html`<${User} key=${who.id} catalogue=${about.name} id=${who.id} />`
        : html`<p class="small quiet">Choose a user to see what is recommended to them.</p>`
    }`;
}

function User({ catalogue, id }) {
  const path = asking(of(catalogue, "users", id), { limit: LATEST });
  const key = `${path} ${useTold()}`; // what was just said is an event, too
  const { data, error, reload } = useRemote(key, (signal) => get(path, signal), { keep: true });
  if (error) return html`<${Fault} error=${error} retry=${reload} />`;
  return html`<div class="stack user-card">
    <div class="row apart">
      <strong>User ${id}</strong>
      <button
        type="button"
        class="button little bare"
        onClick=${() => become(catalogue, null)}
      >
        Be anonymous
      </button>
    </div>
    <p
      class="small quiet"
    >
      ${data ? told(data.attributes) || "Nothing is known beside the events." : "\u00a0"}
    </p>
    ${data?.history.length > 0 &&
    html`<h3 class="small">Newest of ${many(data.events, "event")}</h3>
      <ul class="small stack" aria-label="Newest events">
        ${data.history.map(
          (event) => html`<li class="event" key=${`${event.item} ${event.kind} ${event.time}`}>
            <a class="line" href=${to.item(catalogue, event.item)}>${event.title}</a>
            <span class="quiet number">${event.kind}${event.value != null && ` ${event.value}`}</span>
          </li>`,
        )}
      </ul>`}
  </div>`;
}

function WithLikes({ about, taste }) {
  const add = (item) => opinionOf(taste, item.id) === "liked" || judge(about.name, item, "liked");
  const lists = [
    ["Liked", taste.liked],
    ["Disliked", taste.disliked],
    ["Left out", taste.hidden],
  ].filter(([, items]) => items.length);
  return html`<${ItemSearch}
      catalogue=${about.name}
      label="Add something you like"
      placeholder="Add something you like"
      onPick=${add}
    />
    ${!lists.length && html`<p class="small quiet">Add a few things you like. One is enough to begin with.</p>`}
    ${lists.map(
      ([title, items]) => html`<div class="stack" key=${title}>
        <h3 class="small">${title}</h3>
        <ul class="stack taste">
          ${items.map(
            (item) => html`<li key=${item.id}>
              <a class="line small" href=${to.item(about.name, item.id)}>${item.title}</a>
              <${IconButton}
                icon="close"
                size=${14}
                label=${`Take back ${item.title}`}
                onClick=${() => takeBack(about.name, item.id)}
              />
            </li>`,
          )}
        </ul>
      </div>`,
    )}
    ${lists.length > 0 &&
    html`<button
        type="button"
        class="button little bare"
        onClick=${() => takeBack(about.name)}
      >
        Take back all
      </button>`
    }`;
}

function WithAttributes({ about, attributes, onSay }) {
  const { data } = useGet(asking(of(about.name, "users"), { limit: SAMPLE }));
  const known = useMemo(() => valuesOf(data?.users ?? []), [data]);
  return html`${about.attributes.map(
    (name) => html`<${Field} key=${name} label=${words(name)}>
      ${(id) => html`<${Value}
        id=${id}
        known=${known[name] ?? []}
        value=${attributes[name] ?? ""}
        onChange=${(value) => onSay({ [name]: value })}
      />`}
    <//>`,
  )}`;
}

const FEW = 24;

/** A choice where users have few values, a field where they have many or nothing is known yet. */
function Value({ id, known, value, onChange }) {
  const onInput = (event) => onChange(event.currentTarget.value);
  const numbers = known.length > 0 && known.every((one) => /^\d+$/.test(one));
  if (!known.length || known.length > FEW || (numbers && known.length > 3)) {
    return html`<input
      id=${id}
      class="input"
      inputmode=${numbers ? "numeric" : "text"}
      value=${value}
      placeholder="not said"
      onInput=${onInput}
    />`;
  }
  return html`<select id=${id} class="input" value=${value} onChange=${onInput}>
    <option value="" selected=${value === ""}>not said</option>
    ${known.map((one) => html`<option key=${one} value=${one} selected=${one === value}>${one}</option>`)}
  </select>`;
}

/** The values that some users have, by attribute. */
function valuesOf(users) {
  const found = {};
  for (const user of users) {
    for (const [name, value] of Object.entries(user.attributes)) {
      (found[name] ??= new Set()).add(String(value));
    }
  }
  return Object.fromEntries(Object.entries(found).map(([name, values]) => [name, [...values].sort()]));
}

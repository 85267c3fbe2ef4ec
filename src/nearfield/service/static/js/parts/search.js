/** Comboboxes that find items and users of a catalogue. */
import { asking, get, of } from "../api.js";
import { html } from "../html.js";
import { Combobox } from "./combobox.js";
import { ItemLabel } from "./tile.js";

const ROWS = 8;

/** Find an item by its title. */
export function ItemSearch({ catalogue, label, placeholder, onPick, onEnter, slash }) {
  const search = async (text, signal) => {
    const path = asking(of(catalogue, "items"), { q: text, sort: "popular", limit: ROWS });
    const { items } = await get(path, signal);
    return items.map((item) => ({
      key: String(item.id),
      value: item,
      label: html`<${ItemLabel} item=${item} />`,
    }));
  };
  return html`<${Combobox}
    label=${label}
    placeholder=${placeholder}
    scope=${`items ${catalogue}`}
    search=${search}
    onPick=${onPick}
    onEnter=${onEnter}
    slash=${slash}
  />`;
}

/** Find a user by its id. */
export function UserSearch({ catalogue, onPick }) {
  const search = async (text, signal) => {
    const path = asking(of(catalogue, "users"), { q: text, limit: ROWS });
    const { users } = await get(path, signal);
    return users.map((user) => ({
      key: String(user.id),
      value: user,
      label: html`<div class="label">
        <span>User ${user.id}</span>
        <span class="quiet small">${told(user.attributes)}</span>
      </div>`,
    }));
  };
  return html`<${Combobox}
    label="Find a user"
    placeholder="Id of a user"
    scope=${`users ${catalogue}`}
    search=${search}
    onPick=${onPick}
    eager
  />`;
}

/** What is known of a user in a few words. */
export const told = (attributes) =>
  Object.entries(attributes ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(" · ");

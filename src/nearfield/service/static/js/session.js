/** Who asks, and what was liked and disliked here: kept for this visit, sent with each wish. */
import { of, post } from "./api.js";
import { keep, kept, store, useStore } from "./store.js";

/**
 * @typedef {{id: number | string, title: string}} Named
 * @typedef {{liked: Named[], disliked: Named[], hidden: Named[]}} Taste
 * @typedef {"liked" | "disliked" | "hidden"} Opinion
 */

const NOTHING = Object.freeze({ liked: [], disliked: [], hidden: [] });
const KINDS = { liked: "liked", disliked: "disliked", hidden: "skipped" };
const MOST_HIDDEN = 500;

const people = store(kept("session", "people", {}));
const tastes = store(kept("session", "tastes", {}));
const told = store(0);

const tasteKey = (catalogue, user) => JSON.stringify([catalogue, user ?? null]);

/** The user that somebody says to be in a catalogue, or null. */
export const useWho = (catalogue) => useStore(people, (all) => all[catalogue] ?? null);

/** Say who asks in a catalogue; null is nobody in particular. */
export function become(catalogue, user) {
  people.set((all) => ({ ...all, [catalogue]: user }));
  keep("session", "people", people.get());
}

/** What was said in this visit by who asks. @returns {Taste} */
export function useTaste(catalogue) {
  const who = useWho(catalogue);
  const key = tasteKey(catalogue, who?.id);
  return useStore(tastes, (all) => all[key] ?? NOTHING);
}

/** A number that grows whenever the service was told something: a list asked before is old. */
export const useTold = () => useStore(told);

/** @param {Taste} taste @param {number | string} id @returns {Opinion | null} */
export function opinionOf(taste, id) {
  return ["liked", "disliked", "hidden"].find((one) => taste[one].some((item) => item.id === id)) ?? null;
}

/**
 * Say what one thinks of an item; saying the same again takes it back (of a user it stays an event).
 * @param {string} catalogue
 * @param {Named} item
 * @param {Opinion} opinion
 * @returns {Promise<Opinion | null>} what holds now
 */
export async function judge(catalogue, item, opinion) {
  const user = people.get()[catalogue] ?? null;
  const key = tasteKey(catalogue, user?.id);
  const before = tastes.get()[key] ?? NOTHING;
  const again = opinionOf(before, item.id) === opinion;
  if (again && user) return opinion;
  const after = without(before, item.id);
  if (!again) after[opinion] = [...after[opinion], { id: item.id, title: item.title }].slice(-MOST_HIDDEN);
  set(key, after);
  if (!user) return again ? null : opinion;
  try {
    await post(of(catalogue, "events"), {
      events: [{ user: user.id, item: item.id, kind: KINDS[opinion] }],
    });
  } catch (error) {
    set(key, before);
    throw error;
  }
  told.set((count) => count + 1);
  return opinion;
}

/** Take back what was said of an item, or of everything. */
export function takeBack(catalogue, id = null) {
  const key = tasteKey(catalogue, people.get()[catalogue]?.id);
  set(key, id === null ? NOTHING : without(tastes.get()[key] ?? NOTHING, id));
}

function without(taste, id) {
  const rest = (items) => items.filter((item) => item.id !== id);
  return { liked: rest(taste.liked), disliked: rest(taste.disliked), hidden: rest(taste.hidden) };
}

function set(key, taste) {
  tastes.set((all) => ({ ...all, [key]: taste }));
  keep("session", "tastes", tastes.get());
}

/**
 * What a wish says of who asks.
 * @param {{id: number | string} | null} who
 * @param {Taste} taste
 * @param {(number | string)[]} liked items that count as liked as well
 */
export function wishOf(who, taste, liked = []) {
  const ids = (items) => items.map((item) => item.id);
  const exclude = ids(taste.hidden);
  // of a user the service knows what was liked and disliked: it was told when it was said
  if (who) return { user: who.id, liked, exclude };
  const out = new Set([...ids(taste.disliked), ...exclude]);
  const all = [...new Set([...ids(taste.liked), ...liked])].filter((id) => !out.has(id));
  return { liked: all, disliked: ids(taste.disliked), exclude };
}

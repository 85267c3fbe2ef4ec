/** Lists of recommendations: asked for, and told about when they change. */
import { asking, get, of, post } from "./api.js";
import { many } from "./format.js";
import { useEffect, useRef, useState } from "./html.js";
import { say } from "./live.js";
import { useEvery, useRemote } from "./remote.js";
import { useTold } from "./session.js";

const AWAY = 5000; // milliseconds until vectors that were away are asked for again

/**
 * Ask what is recommended; the list is asked for again when anything in the wish changes.
 * @param {string} catalogue
 * @param {object | null} wish null asks nothing
 */
export function useRecommend(catalogue, wish) {
  const told = useTold();
  const key = wish && JSON.stringify(["recommend", catalogue, wish, wish.user !== undefined && told]);
  const path = of(catalogue, "recommend");
  const remote = useRemote(key, (signal) => post(path, wish, signal), { keep: true });
  useEvery(AWAY, Boolean(remote.data?.degraded), remote.reload);
  return remote;
}

/**
 * Ask what is similar to an item.
 * @param {string} catalogue
 * @param {number | string} item
 * @param {Record<string, any> | null} query
 */
export function useSimilar(catalogue, item, query) {
  const path = query && asking(of(catalogue, "items", item, "similar"), query);
  const remote = useRemote(path, (signal) => get(path, signal), { keep: true });
  useEvery(AWAY, Boolean(remote.data?.degraded), remote.reload);
  return remote;
}

/**
 * Tell which rows are new since the list was last shown, and say so.
 * @param {import("./remote.js").Remote} remote
 * @param {string} scope a list of another scope is another list, of which nothing is new
 * @returns {Set<number | string>}
 */
export function useFresh(remote, scope) {
  const last = useRef({ scope: "", ids: null });
  const [fresh, setFresh] = useState(() => new Set());
  const items = remote.stale ? undefined : remote.data?.items;
  useEffect(() => {
    if (!items) return;
    const ids = new Set(items.map((one) => one.item));
    const before = last.current.scope === scope ? last.current.ids : null;
    last.current = { scope, ids };
    const added = before ? [...ids].filter((id) => !before.has(id)) : [];
    setFresh(new Set(added));
    if (before && (added.length || ids.size !== before.size)) {
      say(`List updated: ${many(added.length, "new item")} of ${ids.size}.`);
    }
  }, [items, scope]);
  return fresh;
}

/** Names of what can be asked: each space, and all of them together where there are several. */
export function spaceOptions(catalogue) {
  const names = (catalogue?.spaces ?? []).map((one) => one.space);
  const options = names.map((name) => [name, name]);
  return names.length > 1 ? [...options, ["blend", "blend"]] : options;
}

/** What a wish says of a chosen space: a blend is all spaces alike. */
export function spacesOf(catalogue, chosen) {
  if (chosen !== "blend") return chosen || null;
  const names = catalogue.spaces.map((one) => one.space);
  return Object.fromEntries(names.map((name) => [name, 1 / names.length]));
}

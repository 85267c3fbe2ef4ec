/** Values that several components show, and what is kept from one visit to the next. */
import { useEffect, useState } from "./html.js";

/**
 * @template T
 * @typedef {{get: () => T, set: (value: T | ((old: T) => T)) => void, watch: (told: () => void) => () => void}} Store
 */

/**
 * Make a value that can be watched.
 * @template T
 * @param {T} value
 * @returns {Store<T>}
 */
export function store(value) {
  const watchers = new Set();
  return {
    get: () => value,
    set(next) {
      const found = typeof next === "function" ? next(value) : next;
      if (Object.is(found, value)) return;
      value = found;
      for (const told of [...watchers]) told();
    },
    watch(told) {
      watchers.add(told);
      return () => watchers.delete(told);
    },
  };
}

/**
 * Show a part of a store; the component renders again only when that part changes.
 * @template T, P
 * @param {Store<T>} of
 * @param {(value: T) => P} pick
 * @returns {P}
 */
export function useStore(of, pick = (value) => value) {
  const found = pick(of.get());
  const [, again] = useState(0);
  useEffect(() => {
    let last = pick(of.get());
    if (!Object.is(last, found)) again((count) => count + 1);
    return of.watch(() => {
      const now = pick(of.get());
      if (Object.is(now, last)) return;
      last = now;
      again((count) => count + 1);
    });
  }, [of]);
  return found;
}

/**
 * Read what was kept, or a default where nothing was or storage is switched off.
 * @param {Storage | "local" | "session"} where
 * @param {string} name
 * @param {any} otherwise
 */
export function kept(where, name, otherwise) {
  try {
    const text = storage(where).getItem(`nearfield.${name}`);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** Keep a value; undefined forgets it. */
export function keep(where, name, value) {
  try {
    if (value === undefined) storage(where).removeItem(`nearfield.${name}`);
    else storage(where).setItem(`nearfield.${name}`, JSON.stringify(value));
  } catch {
    // full or switched off: it lasts as long as the page does
  }
}

const storage = (where) => (where === "local" ? localStorage : sessionStorage);

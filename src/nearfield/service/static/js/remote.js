/** Data of the service in components: loaded when shown, dropped when gone, remembered for Back. */
import { get } from "./api.js";
import { useCallback, useEffect, useRef, useState } from "./html.js";
import { of } from "./api.js";

const MOST = 80;
const remembered = new Map();

function remember(key, data) {
  remembered.delete(key);
  remembered.set(key, data);
  if (remembered.size > MOST) remembered.delete(remembered.keys().next().value);
}

/** Forget what was loaded: somebody else may ask now. */
export const forgetAll = () => remembered.clear();

/**
 * @typedef {{data: any, error: Error | null, busy: boolean, stale: boolean, reload: () => void}} Remote
 * `stale`: the data is that of the last key, shown until the new one is there.
 */

/**
 * Load something whenever its key changes; a request that is no longer wanted is cancelled.
 * @param {string | null} key null loads nothing
 * @param {(signal: AbortSignal) => Promise<any>} load
 * @param {{keep?: boolean, wait?: number}} options keep: show the last data meanwhile; wait: milliseconds first
 * @returns {Remote}
 */
export function useRemote(key, load, { keep = false, wait = 0 } = {}) {
  const [state, setState] = useState({ key: null, data: undefined, error: null, busy: true });
  const [turn, setTurn] = useState(0);
  const first = useRef(true);
  useEffect(() => {
    if (key === null) return undefined;
    const control = new AbortController();
    setState((old) => ({ ...old, busy: true }));
    const settle = (told) =>
      control.signal.aborted || setState((old) => ({ ...old, key, busy: false, ...told }));
    const start = () =>
      load(control.signal).then(
        (data) => {
          remember(key, data);
          settle({ data, error: null });
        },
        (error) => settle({ data: remembered.get(key), error }),
      );
    const timer = setTimeout(start, first.current ? 0 : wait);
    first.current = false;
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [key, turn]);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  if (key === null) return { data: undefined, error: null, busy: false, stale: false, reload };
  const own = state.key === key;
  const known = own ? state.data : remembered.get(key);
  const stale = known === undefined && keep && !own;
  return {
    data: stale ? state.data : known,
    error: own ? state.error : null,
    busy: !own || state.busy,
    stale,
    reload,
  };
}

/** Load an address. */
export const useGet = (path, options) => useRemote(path, (signal) => get(path, signal), options);

/** Several that are shown together, so that none moves another when it comes later. */
export const together = (...remotes) => ({
  data: remotes.every((one) => one.data) ? remotes.map((one) => one.data) : undefined,
  error: remotes.find((one) => one.error)?.error ?? null,
  busy: remotes.some((one) => one.busy),
  stale: false,
  reload: () => remotes.forEach((one) => one.reload()),
});

/** Load what is known of a catalogue. */
export const useCatalogue = (name) => useGet(name ? of(name) : null);

/** Call something again and again while it is wanted. */
export function useEvery(milliseconds, wanted, call) {
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => {
    if (!wanted) return undefined;
    const timer = setInterval(() => document.hidden || latest.current(), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, wanted]);
}

/** The value, once it has not changed for a while. */
export function useSettled(value, milliseconds = 200) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}

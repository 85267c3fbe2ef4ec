/** What the points are: asked for in chunks, and remembered. */
import { asking, get, of } from "../api.js";

const CHUNK = 200;
const WAIT = 40; // milliseconds: whatever is wanted meanwhile comes in the same request
const MOST = 20_000;

/** Titles of one map. */
export class Titles {
  /**
   * @param {string} catalogue
   * @param {{space: string, version: string}} map
   * @param {{onMore: () => void, onError: (error: Error) => void}} told
   */
  constructor(catalogue, { space, version }, told) {
    this.path = of(catalogue, "map", "items");
    this.query = { space, version };
    this.told = told;
    this.known = new Map();
    this.wanted = new Set();
    this.asked = new Set();
    this.timer = 0;
    this.control = new AbortController();
  }

  /** The item of a row; undefined until it is there, null where it is gone. */
  of(row) {
    return this.known.get(row);
  }

  /** Ask for items that are not known yet. */
  want(rows) {
    for (const row of rows) if (!this.known.has(row) && !this.asked.has(row)) this.wanted.add(row);
    if (this.wanted.size && !this.timer) this.timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask() {
    this.timer = 0;
    const rows = [...this.wanted].slice(-CHUNK); // what was wanted last is looked at now
    this.wanted.clear();
    for (const row of rows) this.asked.add(row);
    try {
      const { items } = await get(asking(this.path, { ...this.query, rows: rows.join(",") }), this.control.signal);
      if (this.known.size > MOST) this.known.clear();
      for (const row of rows) this.known.set(row, null);
      for (const item of items) this.known.set(item.row, item);
      this.told.onMore();
    } catch (error) {
      if (error.name !== "AbortError") this.told.onError(error);
    } finally {
      for (const row of rows) this.asked.delete(row);
    }
  }

  /** Find the row of an item; undefined where it is not on the map. */
  async find(id) {
    const { items } = await get(asking(this.path, { ...this.query, ids: id }), this.control.signal);
    for (const item of items) this.known.set(item.row, item);
    return items[0]?.row;
  }

  end() {
    clearTimeout(this.timer);
    this.control.abort();
  }
}

/** Conditions on items, as the service reads them: genre = 'Drama' and year >= 1990. */

/**
 * @typedef {{genres: string[], from: string, until: string}} Filters
 */

/** @type {Filters} */
export const NO_FILTERS = Object.freeze({ genres: [], from: "", until: "" });

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

/**
 * Write filters as a condition; empty where there are none.
 * @param {Filters} filters
 */
export function whereOf({ genres, from, until }) {
  const tests = [];
  if (genres.length) tests.push(`genre in (${genres.map(quoted).join(", ")})`);
  if (isYear(from)) tests.push(`year >= ${Number(from)}`);
  if (isYear(until)) tests.push(`year <= ${Number(until)}`);
  return tests.join(" and ");
}

const isYear = (text) => /^\d{1,4}$/.test(text);

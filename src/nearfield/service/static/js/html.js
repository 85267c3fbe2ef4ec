/** What components are written with: one import instead of three. */
import { h } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export { Fragment, render } from "../vendor/preact.js";
export * from "../vendor/hooks.js";

/** Templates become virtual nodes; text in them is text, never markup. */
export const html = htm.bind(h);

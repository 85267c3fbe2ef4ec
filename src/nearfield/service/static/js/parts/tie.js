/** Why two songs are thought to be one, in words. */
import { clock } from "../format.js";

const RELATIONS = {
  best: "the best copy",
  "same bytes": "the very same file",
  same: "the same recording",
  excerpt: "a part of it",
  partial: "partly the same",
  mix: "inside a mix",
  review: "perhaps the same",
  version: "another version",
  decided: "decided by a person",
};

/** A relation in words. */
export const relation = (name) => RELATIONS[name] ?? name;

/** In one line: "a part of it, begins at 1:02, 30 s alike by 0.98". */
export function why(tie) {
  const told = [relation(tie.relation), ...measured(tie).map(([, text]) => text)];
  return told.join(" · ");
}

/**
 * What was measured, as names and texts; nothing where a person decided.
 * @returns {[string, string][]}
 */
export function measured({ relation: name, similarity, offset, overlap, speed, semitones }) {
  if (name === "best" || name === "same bytes" || name === "decided" || similarity === null) return [];
  const rows = [["Similarity", `alike by ${similarity.toFixed(2)}`]];
  if (overlap) rows.push(["Overlap", `over ${Math.round(overlap)} s`]);
  if (Math.abs(offset) >= 0.1) {
    rows.push(["Offset", `begins ${offset > 0 ? "at" : "before, by"} ${clock(Math.abs(offset))}`]);
  }
  if (Math.abs(speed - 1) >= 0.005) rows.push(["Speed", `${signed(100 * (speed - 1))} % speed`]);
  if (Math.abs(semitones) >= 0.25) rows.push(["Pitch", `${signed(semitones)} semitones`]);
  return rows;
}

const signed = (number) => `${number > 0 ? "+" : "−"}${Math.abs(number).toFixed(1)}`;

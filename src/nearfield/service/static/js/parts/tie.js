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

/** In one line: "a part of it · alike by 0.98 · over 30 s · begins at 1:02". */
export function why(tie) {
  return [relation(tie.relation), ...measured(tie).map(([, , phrase]) => phrase)].join(" · ");
}

/**
 * What was measured: name, value, and a phrase for a sentence; nothing where a person decided.
 * @returns {[string, string, string][]}
 */
export function measured({ relation: name, similarity, offset, overlap, speed, semitones }) {
  if (name === "best" || name === "same bytes" || name === "decided" || similarity === null) return [];
  const alike = similarity.toFixed(2);
  const rows = [["Similarity", alike, `alike by ${alike}`]];
  if (overlap) rows.push(["Overlap", `${Math.round(overlap)} s`, `over ${Math.round(overlap)} s`]);
  if (Math.abs(offset) >= 0.1) {
    const where = `${offset > 0 ? "" : "before, by "}${clock(Math.abs(offset))}`;
    rows.push(["Begins at", where, `begins ${offset > 0 ? "at " : ""}${where}`]);
  }
  if (Math.abs(speed - 1) >= 0.005) {
    const faster = `${signed(100 * (speed - 1))}\u00a0%`;
    rows.push(["Speed", faster, `${faster} speed`]);
  }
  if (Math.abs(semitones) >= 0.25) {
    rows.push(["Pitch", `${signed(semitones)} semitones`, `${signed(semitones)} semitones`]);
  }
  return rows;
}

const signed = (number) => `${number > 0 ? "+" : "−"}${Math.abs(number).toFixed(1)}`;

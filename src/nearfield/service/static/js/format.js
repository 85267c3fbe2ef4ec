/** Numbers, times and names as people read them. */

const counts = new Intl.NumberFormat("en");
const brief = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const days = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const moments = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

export const count = (number) => counts.format(number);
export const short = (number) => (number < 10_000 ? counts.format(number) : brief.format(number));

/** "1 song", "2 songs". */
export const many = (number, one, several = `${one}s`) => `${count(number)} ${number === 1 ? one : several}`;

/** Seconds as 3:05, or 1:02:03. */
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return "–:––";
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const tail = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** Seconds as people say them: "2 minutes 5 seconds". */
export function spoken(seconds) {
  const whole = Math.max(0, Math.round(seconds || 0));
  const minutes = Math.floor(whole / 60);
  return `${minutes ? `${many(minutes, "minute")} ` : ""}${many(whole % 60, "second")}`;
}

/** How long something took. */
export function took(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export const day = (text) => when(text, days);
export const moment = (text) => when(text, moments);

function when(text, shape) {
  const date = new Date(text);
  return text && !Number.isNaN(date.getTime()) ? shape.format(date) : "";
}

/** A share of one as "42 %", never broken. */
export const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

/** Names of machines as people read them: "first_seen" is "First seen". */
export function words(name) {
  const text = String(name).replace(/[_-]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The end of a path: its folder and name. */
export const place = (path) => String(path).split("/").slice(-2).join("/");

/** Up to two letters that stand for a title. */
export function initials(title) {
  const found = String(title)
    .replace(/\(.*?\)|^(the|a|an) |, (the|a|an)\b/gi, "")
    .match(/[\p{L}\p{N}]+/gu);
  if (!found) return "·";
  return (found[0][0] + (found[1]?.[0] ?? "")).toUpperCase();
}

/** A hue in [0, 360) that stays with a text. */
export function hue(text) {
  let sum = 7;
  for (const sign of String(text)) sum = (sum * 31 + sign.codePointAt(0)) % 3600;
  return sum / 10;
}

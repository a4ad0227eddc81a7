/** Temperatures, times and durations as the reader's language writes them. */

import { locale, say } from "./words.js";

const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 2 });
const signed = new Intl.NumberFormat(locale, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  signDisplay: "exceptZero",
});
const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
const minute = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const hourUtc = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });
const clockUtc = new Intl.DateTimeFormat(locale, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZone: "UTC",
});
const dayUtc = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeZone: "UTC" });
const relative = new Intl.RelativeTimeFormat(locale, { style: "narrow", numeric: "always" });

/** One decimal; a second one where the first would hide that a limit was crossed: 80.04 is above 80. */
export function degrees(celsius, limits = []) {
  const hides = limits.some((limit) => celsius > limit && Number(celsius.toFixed(1)) <= limit);
  return (hides ? hundredths : tenths).format(celsius);
}

export function temperature(celsius) {
  return say("{t} °C", { t: tenths.format(celsius) });
}

export function rate(celsiusPerMinute) {
  return say("{r} °C/min", { r: signed.format(celsiusPerMinute) });
}

export const percent = (share) => percents.format(share);
export const timeOf = (ms) => clock.format(ms);
export const minuteOf = (ms) => minute.format(ms);
export const momentOf = (ms) => moment.format(ms);
export const hourOfUtc = (ms) => hourUtc.format(ms);

/** How to write a time of the history: with seconds only where the stretch shown is short enough to know them. */
export function timeIn(fromS, toS) {
  return toS - fromS < 1800 ? (ms) => clockUtc.format(ms) : hourOfUtc;
}

/** A day of the history, such as 2026-11-22. */
export function dayName(day) {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) ? day : dayUtc.format(ms);
}

/** How long ago, in the largest unit that fits. */
export function ago(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 120) return relative.format(-s, "second");
  if (s < 7200) return relative.format(-Math.floor(s / 60), "minute");
  if (s < 172800) return relative.format(-Math.floor(s / 3600), "hour");
  return relative.format(-Math.floor(s / 86400), "day");
}

export function lasting(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return say("{s} s", { s });
  if (s < 3600) return say("{m} min {s} s", { m: Math.floor(s / 60), s: s % 60 });
  return say("{h} h {m} min", { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
}

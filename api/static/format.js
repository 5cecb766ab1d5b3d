/** Numbers, names and times as people read them, in their language and the organisation's zone. */
const LANGUAGE = navigator.language;
const cache = new Map();
let zone = "UTC";

export function inZone(name) {
  zone = name;
  cache.clear();
}

function formatter(kind, options) {
  const key = kind.name + JSON.stringify(options);
  if (!cache.has(key)) cache.set(key, new kind(LANGUAGE, options));
  return cache.get(key);
}

const numbers = (options) => formatter(Intl.NumberFormat, options);
const times = (options) => formatter(Intl.DateTimeFormat, { timeZone: zone, ...options });

const isMoney = (unit) => /^[A-Z]{3}$/.test(unit ?? "");

/** A value in its unit; `short` where there is little room. */
export function value(number, unit, short = false) {
  if (number === null || number === undefined) return "–";
  if (unit === "ratio") return numbers({ style: "percent", maximumFractionDigits: 1 }).format(number);
  if (unit === "s") return duration(number);
  const large = Math.abs(number) >= (short ? 1e4 : 1e6);
  const digits = large ? { notation: "compact", maximumSignificantDigits: short ? 3 : 4 } : { maximumFractionDigits: short && Math.abs(number) >= 10 ? 0 : fraction(number) };
  return numbers(isMoney(unit) ? { style: "currency", currency: unit, ...digits } : digits).format(number);
}

/** Every digit of it, for who wants to know. */
export function exact(number, unit) {
  if (number === null || number === undefined) return "no value";
  return `${numbers({ maximumFractionDigits: 12 }).format(number)} ${unit ?? ""}`.trim();
}

const fraction = (number) => (Number.isInteger(number) || Math.abs(number) >= 100 ? 0 : 2);

/** What is counted, beside a number that does not say so itself. */
export const noun = (unit) => (isMoney(unit) || unit === "ratio" || unit === "s" || !unit ? "" : unit);

/** A share in whole percent, rounded down: what is not quite reached does not say 100 %. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  return numbers({ style: "percent", maximumFractionDigits: 0, roundingMode: "floor" }).format(share);
}

export function duration(seconds) {
  const first = UNITS.findIndex(([, size]) => Math.abs(seconds) >= size);
  if (first < 0) return "0 s";
  const short = ["d", "h", "min", "s"];
  const whole = Math.trunc(seconds / UNITS[first][1]);
  const rest = first < 3 ? Math.trunc((seconds % UNITS[first][1]) / UNITS[first + 1][1]) : 0;
  return `${numbers({}).format(whole)} ${short[first]}` + (rest ? ` ${rest} ${short[first + 1]}` : "");
}

export const clock = (when) => times({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(when));
export const day = (when) => times({ day: "numeric", month: "short" }).format(new Date(when));
export const moment = (when) => times({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(when));

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** Seconds as a whole number of the largest unit that they fill. */
function largest(seconds) {
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return [Math.round(seconds / size), unit];
}

/** How long ago, in words. */
export function since(when) {
  return formatter(Intl.RelativeTimeFormat, { numeric: "auto" }).format(...largest((new Date(when) - Date.now()) / 1000));
}

/** How long until then, in short. */
export function left(when) {
  const [count, unit] = largest((new Date(when) - Date.now()) / 1000);
  return numbers({ style: "unit", unit, unitDisplay: "narrow" }).format(count);
}

/** `revenue_won` is "Revenue won". */
export function title(id) {
  const words = id.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

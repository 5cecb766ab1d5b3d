/** The tiles of key figures: value, what it was before, and the trend within the period. */
import { before, choice } from "./choice.js";
import { $, figure, h, put } from "./dom.js";
import * as format from "./format.js";
import { sweep, trend } from "./spark.js";

const shown = new Map();
let definitions = new Map();

/** Lay out a tile for each KPI that is shown, without numbers yet. */
export function layOut(catalogue) {
  definitions = catalogue;
  shown.clear();
  for (const kpi of choice.kpi) shown.set(kpi, tile(kpi));
  $("#kpis .tiles").replaceChildren(...shown.values());
  sweep();
}

function tile(kpi) {
  return h(
    "article",
    { class: "tile panel loading", "data-kpi": kpi, title: definitions.get(kpi)?.definition },
    h("h3", {}, format.title(kpi)),
    h("p", { class: "number" }, figure(null, "", { class: "value" }), " ", h("span", { class: "noun" })),
    h("p", { class: "before" }),
    h("div", { class: "trend", role: "img" }),
  );
}

/** Show an answer of the API. */
export function show(answer) {
  const element = shown.get(answer.kpi);
  if (!element) return;
  element.classList.remove("loading");
  element.dataset.from = answer.from;
  const value = $(".value", element);
  put(value, answer.value, format.value(answer.value, answer.unit));
  value.title = format.exact(answer.value, answer.unit);
  $(".noun", element).textContent = format.noun(answer.unit);
  $(".before", element).replaceChildren(...compared(answer));
  const chart = $(".trend", element);
  chart.setAttribute("aria-label", spoken(answer));
  trend(chart, answer.series ?? [], answer.as_of);
}

function compared({ compare, unit }) {
  if (!compare) return [];
  const was = figure(compare.value, format.value(compare.value, unit, true), { class: "was", title: format.exact(compare.value, unit) });
  return [`${before()} `, was];
}

function spoken({ series = [], as_of, unit }) {
  const past = series.filter((bucket) => new Date(bucket.from) <= new Date(as_of)).map((bucket) => bucket.value);
  const known = past.filter((value) => value !== null);
  if (!known.length) return "No trend yet";
  return `Trend: from ${format.value(known[0], unit)} to ${format.value(known.at(-1), unit)} in ${past.length} steps`;
}

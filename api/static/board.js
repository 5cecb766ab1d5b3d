/** The leaderboard: ranks and how they changed, asked again whenever the tables change. */
import { get } from "./api.js";
import { before, BOARDS, choice, choose } from "./choice.js";
import { $, arrange, figure, h, put } from "./dom.js";
import * as format from "./format.js";

const SHOWN = 10;
const rows = new Map();
let openPerson = null;
let asking = false;
let again = false;

/** Lay out the choices; `open(id)` opens the card of a person, null where cards may not be seen. */
export function layOut(open, changed) {
  openPerson = open;
  const select = h("select", { name: "board", "aria-label": "Ranked by" }, BOARDS.concat(BOARDS.includes(choice.board) ? [] : choice.board).map((kpi) => h("option", { value: kpi, selected: kpi === choice.board }, format.title(kpi))));
  const level = h("select", { name: "level", "aria-label": "Who is ranked" }, h("option", { value: "user", selected: choice.level === "user" }, "People"), h("option", { value: "team", selected: choice.level === "team" }, "Teams"));
  for (const one of [select, level]) one.addEventListener("change", () => (choose({ [one.name]: one.value }), changed()));
  $("#board .choices").replaceChildren(select, choice.scope === "org" ? level : "");
  $("#board-title").textContent = document.documentElement.dataset.view === "tv" ? `Leaderboard: ${format.title(choice.board)}` : "Leaderboard";
  rows.clear();
  $("#board tbody").replaceChildren();
}

/** Ask for the ranking; while one is asked for, once more after it. */
export async function refresh() {
  if (choice.scope.startsWith("user:")) return;
  again = asking;
  if (asking) return;
  asking = true;
  try {
    show(await get("/v1/leaderboard", question()));
  } catch (error) {
    console.info("The leaderboard could not be read:", error.message); // the stream tells when the service is away
  } finally {
    asking = false;
  }
  if (again) await refresh();
}

function question() {
  const [kind, ...rest] = choice.scope.split(":");
  const team = kind === "team" ? rest.join(":") : "";
  return { kpi: choice.board, window: choice.window, limit: SHOWN, level: team ? "user" : choice.level, team };
}

function show({ rows: told, unit, kpi, level }) {
  if (kpi !== choice.board) return;
  const worth = told.filter((row) => row.value);
  const largest = Math.max(...worth.map((row) => Math.abs(row.value)), 0);
  for (const id of [...rows.keys()]) if (!worth.some((row) => row.id === id)) rows.delete(id);
  arrange($("#board tbody"), worth.map((row) => fill(rows.get(row.id) ?? add(row, level), row, unit, largest)));
  $("#board .empty").hidden = worth.length > 0;
  $("#board .empty").textContent = `Nobody has any ${format.title(kpi).toLowerCase()} in this period yet.`;
}

function add(row, level) {
  const name = openPerson && level === "user" ? h("button", { type: "button", class: "plain", onclick: () => openPerson(row.id) }, row.name) : h("span", {}, row.name);
  const element = h(
    "tr",
    { "data-id": row.id },
    h("td", { class: "rank" }, figure(null, "")),
    h("td", { class: "change" }),
    h("th", { scope: "row" }, name, h("div", { class: "bar", "aria-hidden": "true" }, h("div", { class: "done" }))),
    h("td", { class: "number" }, figure(null, "", { class: "value" })),
  );
  rows.set(row.id, element);
  return element;
}

function fill(element, row, unit, largest) {
  element.dataset.rank = row.rank;
  put($(".rank data", element), row.rank, String(row.rank));
  $(".change", element).replaceChildren(change(row));
  const value = $(".value", element);
  put(value, row.value, format.value(row.value, unit));
  value.title = format.exact(row.value, unit);
  $(".done", element).style.width = `${(100 * Math.abs(row.value)) / largest}%`;
  return element;
}

function change({ rank, previous_rank: previous }) {
  if (previous === null) return figure(null, "new", { class: "new", title: `had no rank ${before()}` });
  const [name, sign] = previous > rank ? ["up", "▲"] : previous < rank ? ["down", "▼"] : ["same", "="];
  const moved = Math.abs(previous - rank);
  return figure(previous, moved ? `${sign}\u2009${moved}` : sign, { class: name, title: `${before()}: rank ${previous}`, "aria-label": `${before()} rank ${previous}` });
}

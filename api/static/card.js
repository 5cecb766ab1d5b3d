/** A person on one page, open above the others and as live as they are. */
import { get } from "./api.js";
import { before, choice, windowName } from "./choice.js";
import { $, figure, h } from "./dom.js";
import * as format from "./format.js";
import { fill, goalTile } from "./goals.js";

const dialog = () => $("#card");
let asking = false;

/** Open the card of the person that the address names, or close it. */
export async function follow(closed) {
  if (!choice.person) return dialog().open && dialog().close();
  if (!dialog().open) {
    dialog().replaceChildren(h("p", { class: "loading" }, "loading…"));
    dialog().onclose = closed;
    dialog().onclick = (event) => event.target === dialog() && dialog().close();
    dialog().showModal();
  }
  await refresh();
}

/** Ask again for the card that is open. */
export async function refresh() {
  if (!dialog().open || !choice.person || asking) return;
  asking = true;
  const person = choice.person;
  try {
    const card = await get(`/v1/users/${encodeURIComponent(person)}/card`, { window: choice.window, of: choice.board });
    if (person === choice.person) show(card);
  } catch (error) {
    dialog().replaceChildren(heading(person), h("p", {}, error.message));
  } finally {
    asking = false;
  }
  if (person !== choice.person) await refresh();
}

function show(card) {
  dialog().replaceChildren(
    heading(card.user.name, card),
    card.goals.length ? h("div", { class: "tiles goals" }, card.goals.map(goal)) : h("p", { class: "empty" }, "No goals of their own."),
    h("dl", { class: "figures" }, card.kpis.filter((kpi) => kpi.value || kpi.compare?.value).map(kpi)),
    h("div", { class: "lists" }, tasks(card.tasks), calls(card.calls), leads(card.open_leads), clients(card.clients)),
  );
  $(".close", dialog()).focus();
}

function heading(name, card) {
  const teams = card?.user.teams.map((team) => team.name).join(", ");
  const told = [teams, card?.user.manager_name && `reports to ${card.user.manager_name}`, windowName()].filter(Boolean).join(" · ");
  return h(
    "header",
    {},
    h("div", {}, h("h2", { id: "card-title" }, name), h("p", {}, told)),
    card?.rank.rank ? h("p", { class: "place" }, figure(card.rank.rank, `#${card.rank.rank}`), ` of ${card.rank.n} by ${format.title(card.rank.of).toLowerCase()}`) : null,
    h("button", { type: "button", class: "plain close", "aria-label": "Close", onclick: () => dialog().close() }, "×"),
  );
}

function goal(told) {
  const element = goalTile(told.goal);
  fill(element, told);
  return element;
}

function kpi({ kpi: id, value, unit, compare }) {
  return h("div", { "data-kpi": id }, h("dt", {}, format.title(id)), h("dd", {}, figure(value, format.value(value, unit), { title: format.exact(value, unit) }), h("small", {}, `${before()} `, figure(compare?.value, format.value(compare?.value, unit, true)))));
}

function list(title, rows, nothing, total = rows.length) {
  const counted = total > rows.length ? ` (${total})` : "";
  return h("section", {}, h("h3", {}, title + counted), rows.length ? h("ul", {}, rows) : h("p", { class: "empty" }, nothing));
}

const line = (name, told, when, mark = "") => h("li", { class: mark }, h("span", {}, name), h("small", {}, told, " ", h("time", { datetime: when, title: format.moment(when) }, format.day(when))));

const called = (record, name) => name ?? record.replace("/", " ");

function tasks(rows) {
  return list("Last tasks", rows.map((task) => line(called(task.record, task.name), task.overdue ? "overdue since" : task.status === "open" && task.due ? "due" : `${task.status} ·`, task.status === "open" && task.due ? task.due : task.time, task.overdue ? "late" : "")), "No tasks with a due date.");
}

function calls(rows) {
  const what = (call) => [format.title(call.direction ?? "call"), call.outcome?.replaceAll("_", " ")].filter(Boolean).join(", ");
  return list("Last calls", rows.map((call) => line(what(call), call.duration === null ? "" : `${format.duration(call.duration)} ·`, call.time)), "No calls yet.");
}

const leads = ({ records, total }) => list("Open leads", records.map((lead) => line(called(lead.record, lead.name), "since", lead.time)), "No open leads.", total);
const clients = ({ records, total }) => list("Clients", records.map((client) => line(called(client.record, client.name), "won", client.time)), "No won deals with an account.", total);

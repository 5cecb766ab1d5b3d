/** What needs somebody now. */
import { get, post, Problem } from "./api.js";
import { choice } from "./choice.js";
import { $, h, say } from "./dom.js";
import * as format from "./format.js";
import { name } from "./signin.js";

const SHOWN = 50;
const shown = new Map();
let mayAcknowledge = false;

export function layOut(allowed) {
  mayAcknowledge = allowed;
  shown.clear();
  draw();
}

/** Show what fires now, in place of what is shown. */
export async function refresh() {
  try {
    const { alerts } = await get("/v1/alerts", { state: "firing", scope: choice.scope === "org" ? "" : choice.scope });
    shown.clear();
    for (const alert of alerts) shown.set(alert.id, alert);
    draw();
  } catch (error) {
    if (!(error instanceof Problem)) console.info("The alerts could not be read:", error.message);
  }
}

export function show(alert) {
  const id = alert.id ?? alert.alert;
  const isNew = !shown.has(id);
  if (alert.state === "firing") shown.set(id, alert);
  else shown.delete(id);
  if (alert.state === "firing" && isNew) say(`Alert: ${format.title(alert.rule)}, ${alert.name ?? alert.record}`);
  draw();
}

/** Draw the rows anew: how long ago grows. */
export function draw() {
  const latest = [...shown.values()].sort((a, b) => new Date(b.since) - new Date(a.since));
  $("#alerts ul").replaceChildren(...latest.slice(0, SHOWN).map(row));
  $("#alerts .count").textContent = latest.length || "";
  $("#alerts .empty").hidden = latest.length > 0;
  $("#alerts .empty").textContent = "Nothing needs attention.";
}

function row(alert) {
  const when = h("time", { datetime: alert.since, title: format.moment(alert.since) }, format.since(alert.since));
  return h(
    "li",
    { "data-alert": alert.id, "data-rule": alert.rule, class: alert.acknowledged_at ? "seen" : "" },
    h("div", {}, h("strong", {}, format.title(alert.rule)), h("span", { class: "record" }, alert.name ?? alert.record)),
    h("p", {}, alert.owner_name ?? alert.owner_id ?? "nobody's", " · ", when),
    acknowledgement(alert),
  );
}

function acknowledgement(alert) {
  if (alert.acknowledged_at) return h("span", { class: "by" }, `seen by ${alert.acknowledged_by || "somebody"}`);
  if (!mayAcknowledge) return null;
  return h("button", { type: "button", onclick: () => acknowledge(alert) }, "Acknowledge");
}

async function acknowledge(alert) {
  try {
    await post(`/v1/alerts/${encodeURIComponent(alert.id)}/ack`, { by: await name() });
    await refresh();
  } catch (error) {
    say(error.message);
  }
}

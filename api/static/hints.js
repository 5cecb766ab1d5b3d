/** What to do where there is nothing yet, as a command to copy. */
import { address } from "./api.js";
import { choice } from "./choice.js";
import { h } from "./dom.js";

let session = {};

export function about(found) {
  session = found;
}

function command(method, path, type, body) {
  const token = session.expires ? " -H 'Authorization: Bearer crm_…'" : "";
  const told = JSON.stringify(body).replaceAll("'", "'\\''");
  return h("pre", { tabindex: 0 }, `curl -X ${method} '${address(path)}'${token} -H 'Content-Type: ${type}' -d '${told}'`);
}

export function firstEvent() {
  const call = {
    specversion: "1.0", id: "1", source: "/first", type: "crm.call.logged", subject: "call/1", time: new Date().toISOString(), orgid: session.org,
    data: { owner_id: "ann", direction: "outbound" },
  };
  return h(
    "div",
    {},
    h("p", {}, `Nothing has been told of ${session.name ?? session.org} yet. Send the first event, and watch it arrive:`),
    command("POST", "/v1/events", "application/cloudevents+json", call),
    h("p", {}, "All kinds of events are in the ", h("a", { href: "/docs" }, "reference"), "."),
  );
}

export function firstGoal() {
  const goal = { name: "Revenue of the month", kpi: "revenue_won", assignee: choice.scope, target: 100000, period: "month" };
  return h("div", { class: "empty panel" }, h("p", {}, "No goals here yet. Set the first one:"), command("PUT", "/v1/goals/revenue", "application/json", goal));
}

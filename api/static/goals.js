/** Goals: how far, how far it should be by now, and what comes of it. */
import { $, figure, h, put, say } from "./dom.js";
import * as format from "./format.js";
import { firstGoal } from "./hints.js";

const STATES = { on_track: "On track", at_risk: "At risk", off_track: "Off track", reached: "Reached", missed: "Missed" };
const FEWEST_ABREAST = 3;
const MOST_ABREAST = 5;
const shown = new Map();

export function clear() {
  shown.clear();
  $("#goals .tiles").replaceChildren();
}

/** Show all goals, in place of those that are shown. */
export function showAll(goals) {
  for (const name of [...shown.keys()]) if (!goals.some((goal) => goal.goal === name)) remove(name);
  for (const goal of goals) show(goal);
  if (!shown.size) $("#goals .tiles").replaceChildren(firstGoal());
}

export function show(goal) {
  if (goal.deleted) remove(goal.goal);
  else fill(shown.get(goal.goal) ?? add(goal.goal), goal);
  if (!shown.size) $("#goals .tiles").replaceChildren(firstGoal());
  const lines = Math.ceil(shown.size / MOST_ABREAST);
  $("#goals .tiles").style.setProperty("--abreast", Math.max(FEWEST_ABREAST, Math.ceil(shown.size / lines) || 1));
}

function remove(name) {
  shown.get(name)?.remove();
  shown.delete(name);
}

function add(name) {
  if (!shown.size) $("#goals .tiles").replaceChildren();
  const element = goalTile(name);
  shown.set(name, element);
  $("#goals .tiles").append(element);
  return element;
}

/** An empty tile of a goal; `fill` gives it its numbers. */
export function goalTile(name) {
  return h(
    "article",
    { class: "goal panel", "data-goal": name },
    h("header", {}, h("h3", { class: "name" }), h("time", { class: "left" })),
    h("p", { class: "number" }, figure(null, "", { class: "progress" }), figure(null, "", { class: "attained" })),
    h("div", { class: "bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, h("div", { class: "done" }), h("div", { class: "expected" }), h("div", { class: "milestones" })),
    h("p", { class: "aim" }, h("span", { class: "of" }), h("span", { class: "state" })),
    h("p", { class: "outlook" }),
  );
}

export function fill(element, goal) {
  const { unit } = goal;
  $(".name", element).textContent = goal.name || format.title(goal.kpi ?? goal.goal);
  if (element.dataset.state && element.dataset.state !== goal.state) say(`${goal.name || goal.goal}: ${STATES[goal.state] ?? ""}`);
  element.dataset.state = goal.state ?? "";
  element.style.order = goal.direction === "at_most" ? 1 : 0; // what is to be reached stands before what is to be kept low
  $(".state", element).textContent = STATES[goal.state] ?? "Cannot be told";
  put($(".progress", element), goal.progress, format.value(goal.progress, unit));
  $(".progress", element).title = format.exact(goal.progress, unit);
  const limit = goal.direction === "at_most" ? "of at most" : "of";
  $(".of", element).replaceChildren(`${limit} `, figure(goal.target, format.value(goal.target, unit), { class: "target" }), ` ${format.noun(unit)}`);
  const share = goal.direction === "at_most" ? used(goal) : goal.attainment;
  put($(".attained", element), share, format.percent(share));
  drawBar($(".bar", element), goal, share);
  $(".outlook", element).replaceChildren(...outlook(goal));
  const end = $(".left", element);
  end.dateTime = goal.to ?? "";
  end.title = goal.to ? `ends ${format.moment(goal.to)}` : "";
  end.textContent = !goal.to ? "" : new Date(goal.to) > new Date() ? `${format.left(goal.to)} left` : "over";
}

const used = ({ progress, target }) => (progress === null || !target ? null : progress / target);

function drawBar(bar, goal, share) {
  const width = (part) => `${100 * Math.max(0, Math.min(1, part ?? 0))}%`;
  bar.setAttribute("aria-valuenow", Math.round(100 * Math.max(0, Math.min(1, share ?? 0))));
  bar.setAttribute("aria-valuetext", format.percent(share));
  bar.setAttribute("aria-label", `${goal.name || goal.goal}: share of the target`);
  $(".done", bar).style.width = width(share);
  const due = goal.target && goal.expected_by_now !== null ? goal.expected_by_now / goal.target : null;
  const level = due === null || due >= 1 || due <= 0;
  $(".expected", bar).hidden = level;
  $(".expected", bar).style.left = width(due);
  $(".expected", bar).title = `expected by now: ${format.value(goal.expected_by_now, goal.unit)}`;
  $(".milestones", bar).replaceChildren(...(goal.milestones ?? []).filter(({ share: at }) => at < 1).map((one) => {
    const dot = h("i", { class: one.reached ? "reached" : "", title: `milestone ${format.percent(one.share)}` });
    dot.style.left = width(one.share);
    return dot;
  }));
}

function outlook({ problem, progress, pace, projection, unit, expected_by_now: expected }) {
  if (problem) return [problem];
  const told = [];
  if (pace !== null && expected !== null) told.push(["pace ", figure(pace, format.percent(pace), { class: "pace" })]);
  if (projection !== null && projection !== progress) told.push(["heading for ", figure(projection, format.value(projection, unit, true), { class: "projection" })]);
  return told.flatMap((parts, at) => (at ? [" · ", ...parts] : parts));
}

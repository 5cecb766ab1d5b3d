/** What is shown, as the address says it. */
export const WINDOWS = [
  ["today", "Today", "hour", "yesterday"],
  ["this_week", "Week", "day", "last week"],
  ["this_month", "Month", "day", "last month"],
  ["this_quarter", "Quarter", "week", "last quarter"],
  ["this_year", "Year", "month", "last year"],
];
export const BOARDS = ["revenue_won", "deals_won", "win_rate", "avg_deal_size", "leads_created", "calls_made", "meetings_held", "activities_completed", "tickets_resolved"];
const KPIS = ["revenue_won", "deals_won", "win_rate", "pipeline_value", "calls_made", "meetings_held", "leads_created", "tasks_overdue"];
const DEFAULTS = { window: "this_month", scope: "org", board: "revenue_won", level: "user", org: "", person: "" };

export const choice = { ...DEFAULTS, kpi: KPIS };

export function read() {
  const asked = new URLSearchParams(location.search);
  for (const [name, unsaid] of Object.entries(DEFAULTS)) choice[name] = asked.get(name) || unsaid;
  choice.kpi = asked.getAll("kpi").length ? asked.getAll("kpi") : KPIS;
}

/** Change what is shown, and the address with it. */
export function choose(changes) {
  Object.assign(choice, changes);
  const url = new URL(location.href);
  for (const name of Object.keys(changes)) {
    if (choice[name] === DEFAULTS[name]) url.searchParams.delete(name);
    else url.searchParams.set(name, choice[name]);
  }
  history.pushState(null, "", url);
}

const known = () => WINDOWS.find(([name]) => name === choice.window);
export const windowName = () => known()?.[1] ?? choice.window.replaceAll("_", " ");
export const every = () => known()?.[2] ?? (choice.window === "yesterday" ? "hour" : "day");
export const before = () => known()?.[3] ?? "the period before";

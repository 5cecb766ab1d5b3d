/** What people choose: the period and the team; the theme; and how a screen gets a link. */
import { get, hasToken, post, signOut } from "./api.js";
import { choice, choose, WINDOWS, windowName } from "./choice.js";
import { $, h } from "./dom.js";
import { recolour } from "./spark.js";

let teams = [];

/** Read the teams' names, for who may see more than one. */
export async function readTeams(session) {
  if (session.limit) return;
  const found = await get("/v1/leaderboard", { kpi: "deals_won", level: "team", window: "today", limit: 1000 });
  teams = found.rows.map(({ id, name }) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name));
}

const scopeName = () => {
  const [kind, ...rest] = choice.scope.split(":");
  return kind === "org" ? "Everybody" : (teams.find((team) => team.id === rest.join(":"))?.name ?? rest.join(":"));
};

export function layOut(session, changed) {
  $("#shown").textContent = `${windowName()} · ${scopeName()}`;
  const pick = (changes) => (choose(changes), changed());
  $("#controls").replaceChildren(windows(pick), session.limit ? "" : scopes(pick));
  document.title = `${session.name ?? session.org} · ${scopeName()} · ${windowName()}`;
}

function windows(pick) {
  const listed = WINDOWS.some(([name]) => name === choice.window) ? WINDOWS : [...WINDOWS, [choice.window, windowName()]];
  const one = ([name, label]) => h("label", {}, h("input", { type: "radio", name: "window", value: name, checked: name === choice.window, onchange: () => pick({ window: name }) }), h("span", {}, label));
  return h("fieldset", { class: "segments" }, h("legend", { class: "unseen" }, "Period"), listed.map(one));
}

function scopes(pick) {
  const option = (value, label) => h("option", { value, selected: choice.scope === value }, label);
  const known = choice.scope === "org" || teams.some((team) => choice.scope === `team:${team.id}`);
  const select = h("select", { name: "scope", "aria-label": "Team", onchange: () => pick({ scope: select.value }) }, option("org", "Everybody"), teams.map((team) => option(`team:${team.id}`, team.name)), known ? null : option(choice.scope, scopeName()));
  return select;
}

/** The buttons at the foot of the page. */
export function foot(session, signIn) {
  const theme = $("#theme");
  const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const paint = () => (theme.setAttribute("aria-pressed", isDark()), (theme.textContent = isDark() ? "Light" : "Dark"), recolour());
  theme.onclick = () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("theme", document.documentElement.dataset.theme);
    paint();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  paint();
  $("#sign-out").hidden = !session.expires;
  $("#sign-out").onclick = signOut;
  $("#screen").onclick = async () => {
    if (session.expires && !hasToken()) await signIn("A link for a screen is made of a token: sign in with it again.");
    const { link, expires } = await post("/v1/session", { link: true, limit: choice.scope === "org" ? "" : choice.scope });
    tell(Object.assign(new URL(link), { search: shownBy(new URL(link)) }).href, expires);
  };
}

function shownBy(link) {
  for (const [name, value] of new URLSearchParams(location.search)) if (!["person", "org"].includes(name)) link.searchParams.append(name, value);
  link.searchParams.set("view", "tv");
  return link.search;
}

/** Copy, or mark for copying where the browser does not let a page do it (over plain http). */
async function copy(text, shown) {
  getSelection().selectAllChildren(shown);
  await navigator.clipboard.writeText(text);
}

function tell(link, expires) {
  const dialog = $("#prompt");
  const close = () => dialog.close();
  dialog.oncancel = null;
  dialog.replaceChildren(
    h("h2", { id: "prompt-title" }, "For a screen"),
    h("p", {}, "Open this on the screen. It may only read", expires ? `, until ${expires.slice(0, 10)}.` : "."),
    h("pre", { tabindex: 0 }, link),
    h("p", {}, h("button", { type: "button", onclick: () => copy(link, $("pre", dialog)).then(close, () => null) }, "Copy"), " ", h("button", { type: "button", class: "plain", onclick: close }, "Close")),
  );
  dialog.showModal();
}

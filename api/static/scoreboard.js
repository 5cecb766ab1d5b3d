/** The scoreboard: lays the page out, listens, and passes on what it hears. */
import * as alerts from "./alerts.js";
import { address, get, hasToken } from "./api.js";
import * as board from "./board.js";
import * as card from "./card.js";
import { choice, choose, every, read } from "./choice.js";
import * as controls from "./controls.js";
import { $, say } from "./dom.js";
import * as format from "./format.js";
import * as goals from "./goals.js";
import * as hints from "./hints.js";
import { Live } from "./live.js";
import { ask, session as signedIn } from "./signin.js";
import * as tiles from "./tiles.js";

const RETRY_MS = 3000;
const HEARD = { kpi: heardKpi, goal: goals.show, alert: alerts.show, tick: heardTick, ping: alerts.draw };
const live = new Live((event, data) => HEARD[event](data), connected);
let session = null;
let catalogue = new Map();
let freshAt = null;
let begins = null;

async function start() {
  read();
  try {
    session = await signedIn();
    const { kpis } = await get("/v1/kpis");
    catalogue = new Map(kpis.map((kpi) => [kpi.id, kpi]));
    format.inZone(session.time_zone);
    await controls.readTeams(session);
  } catch (error) {
    notice(`${error.message} Trying again…`);
    setTimeout(start, RETRY_MS);
    return;
  }
  $("#organisation").textContent = session.name ?? session.org;
  hints.about(session);
  controls.foot(session, ask);
  addEventListener("popstate", lay);
  lay();
}

/** Lay out what the address says, and listen to it. */
function lay() {
  read();
  if (session.limit) choice.scope = session.limit;
  notice("");
  $("#main").setAttribute("aria-busy", "true");
  begins = null;
  controls.layOut(session, lay);
  tiles.layOut(catalogue);
  goals.clear();
  board.layOut(session.limit ? null : openPerson, lay);
  $("#board").hidden = choice.scope.startsWith("user:");
  alerts.layOut(!session.expires || hasToken());
  live.open({ kpi: choice.kpi, window: choice.window, scope: choice.scope, every: every(), compare: "previous" });
  card.follow(closePerson);
}

function openPerson(person) {
  choose({ person });
  card.follow(closePerson);
}

function closePerson() {
  if (choice.person) choose({ person: "" });
}

function heardKpi(answer) {
  tiles.show(answer);
  if (begins && begins !== answer.from) board.refresh(); // the window turned over
  begins = answer.from;
}

/** The tables changed: ask for what the stream does not tell. */
function heardTick({ position }) {
  $("#main").setAttribute("aria-busy", "false");
  document.body.dataset.empty = position ? "" : "empty";
  notice(position ? "" : hints.firstEvent());
  board.refresh();
  card.refresh();
}

/** The stream came, or went. */
async function connected(state) {
  const chip = $("#connection");
  const was = chip.dataset.state;
  if (state === "live") freshAt = new Date();
  chip.dataset.state = state;
  if (state === was) return;
  chip.firstElementChild.textContent = state === "live" ? "live" : "reconnecting…";
  chip.title = freshAt ? `as of ${format.clock(freshAt)}` : "";
  document.body.dataset.stale = state === "live" ? "" : "stale";
  if (state === "live") await refresh();
  else await find();
}

/** What a new stream does not tell of the past: what is gone. */
async function refresh() {
  await Promise.allSettled([alerts.refresh(), get("/v1/goals", { scope: choice.scope }).then((told) => goals.showAll(told.goals))]);
}

/** Say since when the numbers stand still, and why, where the service tells. */
async function find() {
  if (freshAt) $("#connection span").textContent = `reconnecting… numbers as of ${format.clock(freshAt)}`;
  say("The connection was lost.");
  const stop = new AbortController();
  const answer = await fetch(address("/v1/live", live.params), { signal: stop.signal }).catch(() => null);
  if (answer?.status === 401) await ask("The session has ended. Sign in again.").then(() => live.open(live.params));
  else if (answer && answer.status >= 400 && answer.status < 500) notice((await answer.json()).detail);
  stop.abort();
}

function notice(told) {
  $("#notice").replaceChildren(told);
  $("#notice").hidden = told === "";
}

start();

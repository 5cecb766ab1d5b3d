/** Who asks: the session, by the cookie, by the pass of a link, or by a token that is typed in. */
import { get, Problem, signIn } from "./api.js";
import { $, h } from "./dom.js";

const PASS = /^#pass=(.+)$/;

/** Return the session, as soon as there is one. */
export async function session() {
  const [, pass] = PASS.exec(location.hash) ?? [];
  if (pass) {
    history.replaceState(null, "", location.pathname + location.search);
    await signIn(pass, false).catch(() => null);
  }
  try {
    return await get("/v1/session");
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    await ask(pass ? "This link has expired or was taken back. Sign in with a token, or ask for a new link." : "");
    return await get("/v1/session");
  }
}

/** Ask for a token until one is good. */
export function ask(reason = "") {
  const told = reason || "This service asks for a token. Whoever runs it makes one with python -m api.auth.";
  return prompted("Sign in", told, "Token", { type: "password", autocomplete: "current-password" }, signIn);
}

/** Return the name that others see beside what was acknowledged here. */
export async function name() {
  const known = localStorage.getItem("name");
  if (known) return known;
  const given = await prompted("Who are you?", "Others see it beside the alert.", "Name", { autocomplete: "name", maxlength: 128 }, async (text) => text);
  localStorage.setItem("name", given);
  return given;
}

function prompted(title, told, label, attributes, take) {
  const dialog = $("#prompt");
  const problem = h("p", { class: "problem", role: "alert" });
  const input = h("input", { id: "answer", required: true, spellcheck: "false", ...attributes });
  return new Promise((resolve) => {
    const form = h("form", {}, h("h2", { id: "prompt-title" }, title), h("p", {}, told), h("label", { for: "answer" }, label), input, problem, h("button", { type: "submit" }, title === "Sign in" ? title : "OK"));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        resolve(await take(input.value.trim()));
        dialog.close();
      } catch (error) {
        problem.textContent = error.message;
        input.select();
      }
    });
    dialog.oncancel = (event) => event.preventDefault();
    dialog.replaceChildren(form);
    if (!dialog.open) dialog.showModal();
  });
}

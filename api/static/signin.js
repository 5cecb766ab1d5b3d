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
  const dialog = $("#sign-in");
  const problem = h("p", { class: "problem", role: "alert" });
  const secret = h("input", { id: "token", type: "password", autocomplete: "current-password", required: true, spellcheck: "false" });
  return new Promise((resolve) => {
    const form = h(
      "form",
      {},
      h("h2", { id: "sign-in-title" }, "Sign in"),
      h("p", {}, reason || "This service asks for a token. Whoever runs it makes one with python -m api.auth."),
      h("label", { for: "token" }, "Token"),
      secret,
      problem,
      h("button", { type: "submit" }, "Sign in"),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        resolve(await signIn(secret.value.trim()));
        dialog.close();
      } catch (error) {
        problem.textContent = error.message;
        secret.select();
      }
    });
    dialog.oncancel = (event) => event.preventDefault();
    dialog.replaceChildren(form);
    dialog.showModal();
  });
}

/** Questions to the API. A token that was typed in stays in this page's memory: the cookie that it became only reads. */
import { choice } from "./choice.js";

export class Problem extends Error {
  constructor(status, told) {
    super(told?.detail ?? `The service answered ${status}.`);
    this.status = status;
  }
}

let token = "";

export const hasToken = () => token !== "";

export function address(path, params = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries({ org: choice.org, ...params })) {
    for (const one of [value].flat()) if (one) url.searchParams.append(name, one);
  }
  return url;
}

async function answered(response) {
  const told = await response.json().catch(() => null);
  if (!response.ok) throw new Problem(response.status, told);
  return told;
}

export const get = async (path, params) => answered(await fetch(address(path, params)));

export async function post(path, body = {}) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  return answered(await fetch(address(path), { method: "POST", headers, body: JSON.stringify(body) }));
}

/** Make a token, or the pass of a link, a session of this browser. */
export async function signIn(secret, keep = true) {
  token = secret;
  try {
    return await post("/v1/session");
  } catch (error) {
    token = "";
    throw error;
  } finally {
    if (!keep) token = "";
  }
}

export async function signOut() {
  await fetch(address("/v1/session"), { method: "DELETE" });
  location.reload();
}

/** Elements, made without any HTML text: `h("p", {class: "x", onclick: f}, "text", child)`. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const $ = (selector, within = document) => within.querySelector(selector);

/** A number as people read it, with what the API said beside it. */
export function figure(value, text, attributes = {}) {
  return h("data", { value: value ?? "", ...attributes }, text);
}

/** Put a number in the place of another; what changed lights up for a moment. */
export function put(element, value, text) {
  const said = String(value ?? "");
  if (element.textContent === text && element.getAttribute("value") === said) return;
  const changed = element.textContent !== "" && element.textContent !== text;
  element.setAttribute("value", said);
  element.textContent = text;
  if (changed) flash(element);
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function flash(element) {
  if (calm()) return;
  element.animate([{ color: "var(--accent)", transform: "scale(1.04)" }, {}], { duration: 900, easing: "ease-out" });
}

/** Move children to their new places: `rows` in order, by key; rows that stay glide there. */
export function arrange(parent, rows) {
  const before = new Map([...parent.children].map((row) => [row, row.getBoundingClientRect().top]));
  parent.replaceChildren(...rows);
  if (calm()) return;
  for (const row of rows) {
    const moved = (before.get(row) ?? NaN) - row.getBoundingClientRect().top;
    if (moved) row.animate([{ transform: `translateY(${moved}px)` }, {}], { duration: 500, easing: "ease-in-out" });
  }
}

/** Tell those who listen rather than look. */
export function say(text) {
  $("#said").textContent = text;
}

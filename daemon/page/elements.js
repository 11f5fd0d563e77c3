// SPDX-License-Identifier: GPL-3.0-or-later
// The page's elements: found by id, made without markup in strings, so that no text can become an element.

export const byId = (id) => document.getElementById(id);

// Characters that turn the direction of writing, with which a text could disguise itself, are shown by their numbers.
const plain = (text) =>
  String(text).replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") element.textContent = plain(value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  const present = children.filter((child) => child !== null && child !== undefined);
  element.append(...present.map((child) => (typeof child === "string" ? plain(child) : child)));
  return element;
}

// Touches the document only where something has changed: a screen reader and a selection are left in peace.
export function setText(element, text) {
  const shown = plain(text);
  if (element.textContent !== shown) element.textContent = shown;
}

export function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

function isUsable(button) {
  return button.getAttribute("aria-disabled") !== "true";
}

// Not the attribute "disabled", which would take the focus away from who has just pressed it.
export function setUsable(button, usable) {
  if (usable) button.removeAttribute("aria-disabled");
  else button.setAttribute("aria-disabled", "true");
}

export function makeButton(kind, label, onPress) {
  const button = make("button", { type: "button", class: kind, text: label });
  button.addEventListener("click", () => isUsable(button) && onPress(button));
  return button;
}

export function makeTable(caption, heads, rows) {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col", text })));
  const lines = rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell))));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", { text: caption }), make("thead", {}, head), make("tbody", {}, ...lines)));
}

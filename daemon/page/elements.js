// SPDX-License-Identifier: GPL-3.0-or-later
// The page's elements: found by id, made without markup in strings, so that no text can become an element.

export const byId = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Touches the document only where something has changed: a screen reader and a selection are left in peace.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

export function isUsable(button) {
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

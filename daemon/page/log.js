// SPDX-License-Identifier: GPL-3.0-or-later
// The end of the log: the events as they come. It follows as long as its reader is at its end.

import { byId, make } from "./elements.js";
import { clock } from "./words.js";

const LINES = 400;
const AT_THE_END_PX = 24;

let newest = 0;
let follows = true;
const list = byId("log");

list.addEventListener("scroll", () => {
  follows = list.scrollHeight - list.scrollTop - list.clientHeight < AT_THE_END_PX;
});
new ResizeObserver(() => toTheEnd()).observe(list);

function toTheEnd() {
  if (follows) list.scrollTop = list.scrollHeight;
}

export function showEvent(event) {
  if (!(event.sequence > newest)) return;
  newest = event.sequence;
  list.append(make("div", { "data-level": event.level },
    make("time", { datetime: event.time, text: clock(event.time) }), " ", event.text ?? ""));
  while (list.children.length > LINES) list.firstChild.remove();
  byId("log-card").hidden = false;
  toTheEnd();
}

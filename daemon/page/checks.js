// SPDX-License-Identifier: GPL-3.0-or-later
// Preflight: its findings, and the warnings accepted one by one.

import { drive, read, Refusal } from "./daemon.js";
import { byId, make, setText } from "./elements.js";
import { moment, plural } from "./words.js";

const LABELS = { error: "Error", warning: "Warning", ok: "Passed" };

let found = null; // the answer of GET preflight, or null: none have run
let drawn = null; // what of it is on the page
let offersAcceptance = false;
let running = false;
let whenChanged = () => {};
const accepted = new Map(); // id → what was seen when it was accepted: another text is another warning

export function onChecks(changed) {
  whenChanged = changed;
}

const warnings = () => found?.findings.filter((finding) => finding.severity === "warning") ?? [];
const isAccepted = (finding) => accepted.get(finding.id) === finding.seen;

export const haveRun = () => found !== null;
export const areRunning = () => running;
export const errorCount = () => found?.errors ?? 0;
export const openWarningCount = () => warnings().filter((finding) => !isAccepted(finding)).length;
export const acceptedIds = () => warnings().filter(isAccepted).map((finding) => finding.id);

function summary() {
  if (running) return "running…";
  if (!found) return "not run yet";
  const passed = found.findings.length - found.errors - found.warnings;
  return [
    found.errors ? plural(found.errors, "error", "errors") : "",
    found.warnings ? plural(found.warnings, "warning", "warnings") : "",
    `${passed} passed`,
  ].filter(Boolean).join(", ");
}

function makeAcceptance(finding) {
  const box = make("input", { type: "checkbox", value: finding.id });
  box.checked = isAccepted(finding);
  box.addEventListener("change", () => {
    if (box.checked) accepted.set(finding.id, finding.seen);
    else accepted.delete(finding.id);
    whenChanged();
  });
  return make("label", { class: "accept" }, box,
    make("span", {}, "I accept this warning ", make("span", { class: "announcer", text: finding.id })));
}

function makeFinding(finding) {
  return make("li", { class: "finding", "data-severity": finding.severity },
    make("p", { class: "head" }, make("span", { class: "badge", text: LABELS[finding.severity] }), " ",
      make("code", { text: finding.id })),
    make("p", { class: "seen", text: finding.seen }),
    finding.advice ? make("p", { class: "advice", text: finding.advice }) : null,
    finding.severity === "warning" && offersAcceptance ? makeAcceptance(finding) : null);
}

function drawFindings(body) {
  const of = (severity) => found.findings.filter((finding) => finding.severity === severity);
  const passed = of("ok");
  body.append(
    make("p", { class: "note", text: `Checked ${moment(found.time)}. The checks change nothing on the site.` }),
    make("ul", { class: "findings" }, ...of("error").map(makeFinding), ...of("warning").map(makeFinding)));
  if (passed.length > 0)
    body.append(make("details", { class: "passed" }, make("summary", { text: `${passed.length} checks passed` }),
      make("ul", { class: "findings" }, ...passed.map(makeFinding))));
}

function draw() {
  setText(byId("checks-summary"), summary());
  const state = JSON.stringify([found, offersAcceptance]);
  if (state === drawn) return;
  drawn = state;
  const body = byId("checks-body");
  body.replaceChildren();
  if (found) drawFindings(body);
}

async function take(promise) {
  try {
    found = await promise;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) found = null;
    else throw error;
  } finally {
    running = false;
    draw();
    whenChanged();
  }
}

// Throws what the daemon has against it.
export async function runChecks() {
  running = true;
  draw();
  whenChanged();
  await take(drive("preflight"));
}

export async function loadChecks() {
  if (!running) await take(read("preflight"));
}

export function offerAcceptance(offers) {
  offersAcceptance = offers;
  draw();
}

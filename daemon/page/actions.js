// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done now, as buttons: those that the status allows, and a word where one has to wait.

import * as checks from "./checks.js";
import { drive } from "./daemon.js";
import { askForClean, askForRollback } from "./dialogs.js";
import { byId, make, makeButton, setData, setText, setUsable } from "./elements.js";
import { plural, upgradeWord } from "./words.js";

let status = null;
let reached = true;
let busy = false; // a command is on its way
let whenDriven = () => {};

const allows = (command) => status.allowed.includes(command);
const failedInPreflight = () => status.state === "failed" && status.stage === "preflight";
const offersChecks = () => allows("start") || failedInPreflight();
const checksAreClear = () => checks.haveRun() && checks.errorCount() === 0 && checks.openWarningCount() === 0;

// What a stage asks about, beside preflight's warnings

const asked = new Set(); // the ids that are ticked

function idsAskedAbout() {
  // Those of preflight are accepted where they are read.
  return allows("resume") && !failedInPreflight() ? status.error?.acceptable ?? [] : [];
}

function makeQuestion(id) {
  const box = make("input", { type: "checkbox", value: id });
  box.addEventListener("change", () => (box.checked ? asked.add(id) : asked.delete(id)));
  return make("label", { class: "accept" }, box,
    make("span", {}, "I have looked at it, and it may be so: ", make("code", { text: id })));
}

function showQuestions() {
  const ids = idsAskedAbout();
  const element = byId("acceptable");
  if ((element.dataset.ids ?? "") === ids.join()) return;
  setData(element, "ids", ids.join());
  asked.clear();
  element.replaceChildren(...ids.map(makeQuestion));
}

const acceptance = () => ({ accept_warnings: [...checks.acceptedIds(), ...asked] });

// What resume goes on with, when that is not the upgrade
const RESUME = {
  rollback_failed: "Go on with the rollback",
  rollback_interrupted: "Go on with the rollback",
  clean_failed: "Go on cleaning up",
  clean_interrupted: "Go on cleaning up",
};

// The buttons, in the order in which they stand

const buttons = [
  {
    kind: () => "primary",
    label: () => RESUME[status.state] ?? "Resume",
    shown: () => allows("resume"),
    besideChecks: true,
    press: () => drive("resume", status.state in RESUME ? {} : acceptance()),
  },
  {
    kind: () => (checksAreClear() ? "primary" : "plain"),
    label: () => "Start the upgrade",
    shown: () => allows("start"),
    besideChecks: true,
    usable: () => checksAreClear() && !checks.areRunning(),
    press: () => drive("start", acceptance()),
  },
  {
    kind: () => (checks.haveRun() ? "plain" : "primary"),
    label: () => (checks.areRunning() ? "Checking…" : checks.haveRun() ? "Run the checks again" : "Run the checks"),
    shown: offersChecks,
    besideChecks: true,
    usable: () => !checks.areRunning(),
    press: () => checks.runChecks(),
  },
  {
    kind: () => "plain",
    label: () => "Cancel",
    shown: () => allows("cancel"),
    press: () => drive("cancel"),
  },
  {
    kind: () => "danger",
    label: () => "Roll back…",
    shown: () => allows("rollback"),
    press: () => askForRollback(),
  },
  {
    kind: () => "plain",
    label: () => "Clean up…",
    shown: () => allows("clean"),
    press: () => askForClean(),
  },
];

function startNote() {
  if (checks.areRunning()) return "";
  if (!checks.haveRun()) return "";
  const errors = checks.errorCount();
  if (errors > 0) return `Correct ${plural(errors, "error", "errors")} below first, then run the checks again.`;
  const open = checks.openWarningCount();
  if (open > 0) return `Read ${plural(open, "warning", "warnings")} below: accept each, or correct it and run the checks again.`;
  return "The checks are clear: start the upgrade.";
}

const advice = () => (status.state === "idle" && status.may_drive && startNote()) || upgradeWord(status.state).advice;

function note() {
  if (!status.may_drive && status.allowed.length > 0)
    return "You may look, but not drive: who asks is neither root, nor the daemon's own user, nor in daemon.group.";
  if (allows("start") && status.state !== "idle") return startNote();
  if (failedInPreflight() && checks.openWarningCount() > 0)
    return `${plural(checks.openWarningCount(), "warning is", "warnings are")} not accepted yet: read them below.`;
  if (allows("cancel") && status.state === "running")
    return "Cancel stops the stage at work; it can be resumed there, or rolled back.";
  return "";
}

async function press(definition) {
  setText(byId("action-problem"), "");
  busy = true;
  showButtons();
  try {
    await definition.press();
  } catch (error) {
    setText(byId("action-problem"), error.message);
  }
  busy = false;
  whenDriven();
  showButtons();
}

const elements = []; // of each button; those that go with the checks stand behind their list, too

function makeElement(definition, place) {
  const button = makeButton("plain", "", () => press(definition));
  button.setAttribute("aria-describedby", "action-note");
  button.hidden = true;
  byId(place).append(button);
  elements.push({ definition, button });
}

function showElement({ definition, button }) {
  const hadFocus = document.activeElement === button;
  button.hidden = !status.may_drive || !definition.shown();
  // The button is gone, and with it the reader's place: that is the state it has led to.
  if (button.hidden && hadFocus) byId("now").focus();
  if (button.hidden) return;
  button.className = definition.kind();
  setText(button, definition.label());
  setUsable(button, reached && !busy && (definition.usable?.() ?? true));
}

function showButtons() {
  if (!status) return;
  elements.forEach(showElement);
  setText(byId("action-note"), note());
  setText(byId("advice"), advice());
}

function showChecks() {
  const card = byId("checks");
  checks.offerAcceptance(status.may_drive && offersChecks());
  card.hidden = !checks.haveRun();
  // Open where they are what matters; otherwise as the reader left them.
  const matters = String(offersChecks());
  if (card.dataset.matters !== matters) {
    card.open = offersChecks();
    setData(card, "matters", matters);
  }
}

export function showActions(newStatus) {
  status = newStatus;
  showQuestions();
  showChecks();
  showButtons();
}

export function setReached(value) {
  reached = value;
  showButtons();
}

export function initActions(onDriven) {
  whenDriven = onDriven;
  checks.onChecks(() => status && showActions(status));
  for (const definition of buttons) {
    makeElement(definition, "actions");
    if (definition.besideChecks) makeElement(definition, "checks-actions");
  }
}

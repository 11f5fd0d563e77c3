// SPDX-License-Identifier: GPL-3.0-or-later
// The backup of the database, whether it is proven, and its proof anew.

import { drive, read, Refusal } from "./daemon.js";
import { byId, make, makeButton, setText, setUsable } from "./elements.js";
import { isAtWork } from "./status.js";
import { bytes, moment, proof } from "./words.js";

let status = null;
let backup = null; // as it was read last; null: there is none
let reached = true;
let proving = false;
const button = makeButton("plain", "", prove);

const line = (term, ...words) => make("div", {}, make("dt", { text: term }), make("dd", {}, ...words));

function show() {
  byId("backup-card").hidden = backup === null;
  if (backup === null) return;
  const list = make("dl", { class: "facts" },
    line("Proof", make("span", { "data-verdict": backup.verification?.verdict ?? "none", text: proof(backup.verification) })),
    line("File", make("code", { text: backup.path }), `, ${bytes(backup.size)}`),
    line("Made", moment(backup.finished_at)),
    line("SHA-256", make("code", { text: backup.sha256 })));
  if (backup.problem) list.append(line("Problem", backup.problem));
  byId("backup").replaceChildren(list);
}

// Not beside a stage that is at work, nor of a file that is gone or is another one by its size alone.
function showButton() {
  const offered = status.may_drive && !isAtWork(status) && backup !== null && !backup.problem;
  byId("backup-actions").hidden = !offered && !proving;
  setText(button, proving ? "Proving…" : backup?.verification ? "Prove it again" : "Prove it");
  setUsable(button, reached && !proving);
}

async function prove() {
  setText(byId("backup-problem"), "");
  proving = true;
  showButton();
  try {
    await drive("backup/verify");
  } catch (error) {
    setText(byId("backup-problem"), error.message);
  }
  proving = false;
  await loadBackup().catch((error) => setText(byId("backup-problem"), error.message));
}

// None is asked for before its stage is done, nor when it has been deleted.
function mayBeThere() {
  const stage = status.stages.find(({ name }) => name === "backup_database");
  return Boolean(stage?.finished_at) && status.state !== "cleaned";
}

async function readBackup() {
  if (!mayBeThere()) return null;
  try {
    return await read("backup");
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

export async function loadBackup() {
  backup = await readBackup();
  show();
  showButton();
}

export function showBackup(newStatus) {
  status = newStatus;
  if (!mayBeThere()) byId("backup-card").hidden = true;
  showButton();
}

export function setBackupReached(value) {
  reached = value;
  if (status) showButton();
}

export function initBackup() {
  button.setAttribute("aria-describedby", "backup-note");
  byId("backup-button").append(button);
}

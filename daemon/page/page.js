// SPDX-License-Identifier: GPL-3.0-or-later
// The page: the daemon has filled it with where the upgrade stands; from here on it follows.

import { initActions, setReached, showActions } from "./actions.js";
import { initBackup, loadBackup, setBackupReached, showBackup } from "./backup.js";
import { loadChecks } from "./checks.js";
import { OutOfReach, read } from "./daemon.js";
import { whenDialogClosed } from "./dialogs.js";
import { byId, setData, setText } from "./elements.js";
import { Follower } from "./follow.js";
import { showEvent } from "./log.js";
import { initMigrations } from "./migrations.js";
import { showStatus, stopClock } from "./status.js";
import { clock } from "./words.js";

const LINES_AT_FIRST = 200;
const RETRY_MS = 1000;

let shown = 0; // how many times
let last = null; // the status that was shown last
let details = ""; // of what checks and backup were last read

async function loadDetails(status) {
  const states = status.stages.map((stage) => stage.state);
  const now = JSON.stringify([status.uuid, status.state, states, status.error, status.backup]);
  if (now === details) return;
  details = now;
  try {
    await Promise.all([loadChecks(), loadBackup()]);
  } catch (error) {
    details = ""; // the next status tries again
    if (!(error instanceof OutOfReach)) console.warn(error.message);
  }
}

// Its events begin anew. What has only been late on its way is older than what came before it.
const isOfAnotherFolder = (status) => last && status.last_event < last.last_event && status.time >= last.time;

// The daemon has told it: whatever way it came, this is the truth now.
function show(status) {
  shown++;
  // Another daemon has another page, and another state folder another story.
  if (status.version !== document.body.dataset.version || isOfAnotherFolder(status)) location.reload();
  last = status;
  showStatus(status);
  showActions(status);
  showBackup(status);
  showReach("");
  loadDetails(status);
}

function showReach(text) {
  setReached(text === "");
  setBackupReached(text === "");
  setData(byId("reach"), "lost", text === "" ? "no" : "yes");
  setText(byId("reach"), text);
}

function lost(error) {
  const since = last ? ` What you see is from ${clock(last.time)}.` : "";
  stopClock();
  showReach(`The daemon can't be reached (${error.message}). Trying again.${since}`);
}

// After a command, of which the follower tells a moment later. What it has told in the meantime is newer than this answer.
async function refresh() {
  const before = shown;
  const status = await read("status").catch(() => null);
  if (status && shown === before) show(status);
}

async function begin() {
  for (;;) {
    try {
      return await read("status");
    } catch (error) {
      lost(error);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

document.documentElement.classList.add("follows");
initActions(refresh);
whenDialogClosed(refresh);
initMigrations();
initBackup();
const status = await begin();
show(status);
new Follower(status, Math.max(0, status.last_event - LINES_AT_FIRST), { event: showEvent, status: show, lost }).run();

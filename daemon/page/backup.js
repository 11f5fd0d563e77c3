// SPDX-License-Identifier: GPL-3.0-or-later
// The backup of the database, and whether it is proven.

import { read, Refusal } from "./daemon.js";
import { byId, make } from "./elements.js";
import { bytes, moment, proof } from "./words.js";

const line = (term, ...words) => make("div", {}, make("dt", { text: term }), make("dd", {}, ...words));

function show(backup) {
  const list = make("dl", { class: "facts" },
    line("Proof", make("span", { "data-verdict": backup.verification?.verdict ?? "none", text: proof(backup.verification) })),
    line("File", make("code", { text: backup.path }), `, ${bytes(backup.size)}`),
    line("Made", moment(backup.finished_at)),
    line("SHA-256", make("code", { text: backup.sha256 })));
  if (backup.problem) list.append(line("Problem", backup.problem));
  byId("backup").replaceChildren(list);
  byId("backup-card").hidden = false;
}

// None is asked for before its stage is done, nor when it has been deleted.
function mayBeThere(status) {
  const stage = status.stages.find(({ name }) => name === "backup_database");
  return Boolean(stage?.finished_at) && status.state !== "cleaned";
}

export async function loadBackup(status) {
  byId("backup-card").hidden ||= !mayBeThere(status);
  if (!mayBeThere(status)) return;
  try {
    show(await read("backup"));
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 404) throw error;
    byId("backup-card").hidden = true;
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
// What can't be taken back by a second press shows first what it will do, and asks.

import { drive, read } from "./daemon.js";
import { byId, make, makeButton, makeTable, setText, setUsable } from "./elements.js";
import { bytes, count, moment, plural, proof } from "./words.js";

const FILES_SHOWN = 20;

const paragraph = (text, kind) => make("p", { text, class: kind });
const listOf = (items) => make("ul", {}, ...items.map((item) => make("li", {}, item)));

// question: title, look() gives what show(preview) makes nodes of, verb, kind, act()
function ask(question) {
  const dialog = byId("dialog");
  const body = byId("dialog-body");
  setText(byId("dialog-title"), question.title);
  setText(byId("dialog-problem"), "");
  body.replaceChildren(paragraph("Looking at what it would do…", "note"));
  const go = makeButton(question.kind, question.verb, () => act(question, go));
  const back = makeButton("plain", "Leave it as it is", () => dialog.close());
  setUsable(go, false);
  byId("dialog-actions").replaceChildren(back, go);
  dialog.showModal();
  back.focus();
  return look(question, go, body);
}

async function look(question, go, body) {
  try {
    const preview = await question.look();
    body.replaceChildren(...question.show(preview).filter(Boolean));
    question.ready?.(go, body);
    if (!question.ready) setUsable(go, true);
  } catch (error) {
    body.replaceChildren();
    setText(byId("dialog-problem"), error.message);
  }
}

async function act(question, go) {
  setUsable(go, false);
  setText(byId("dialog-problem"), "");
  try {
    await question.act();
    byId("dialog").close();
  } catch (error) {
    setText(byId("dialog-problem"), error.message);
    setUsable(go, true);
  }
}

export function whenDialogClosed(handler) {
  byId("dialog").addEventListener("close", handler);
}

// Rollback

const rows = (number) => (number < 0 ? "not there" : count(number));

function databaseNodes({ database, backup }) {
  if (!database.restored) return [paragraph("The database has not been changed and stays as it is.")];
  const nodes = [paragraph(
    `The database is restored from the backup of ${moment(backup?.finished_at)} (${bytes(backup?.size ?? 0)}). ` +
      "What came into it after that is lost.", "strong")];
  if (backup?.verification) nodes.push(paragraph(proof(backup.verification), "note"));
  if (database.tables?.length > 0)
    nodes.push(makeTable("Tables whose number of rows has changed since the backup", ["Table", "In the backup", "Now"],
      database.tables.map((table) => [make("code", { text: table.name }), rows(table.rows_then), rows(table.rows_now)])));
  else if (database.tables) nodes.push(paragraph("No table has another number of rows than in the backup."));
  if (database.problem) nodes.push(paragraph(`What came later is not known: ${database.problem}`, "strong"));
  return nodes;
}

function filesNodes({ files }) {
  if (!files.since) return [paragraph("Mautic 3 has not been in service: no visitor has written a file to it.")];
  if (files.count === 0) return [paragraph(`No file was written since Mautic 3 is in service (${moment(files.since)}).`)];
  const nodes = [paragraph(`${plural(files.count, "file was", "files were")} written since Mautic 3 is in service ` +
    `(${moment(files.since)}); ${count(files.set_aside)} of them are set aside, the others stay in their places.`)];
  if (files.first.length > 0)
    nodes.push(make("details", {}, make("summary", { text: "Which files" }),
      listOf(files.first.slice(0, FILES_SHOWN).map((file) =>
        make("span", {}, make("code", { text: file.path }), file.set_aside ? " (is set aside)" : ""))),
      files.count > FILES_SHOWN ? paragraph(`and ${count(files.count - FILES_SHOWN)} more`) : null));
  return nodes;
}

function rollbackNodes(preview) {
  const titles = preview.stages.map((stage) => stage.title);
  const box = make("input", { type: "checkbox", id: "files-only" });
  return [
    paragraph(`Now: ${preview.boundary.meaning}`),
    ...preview.warnings.map((text) => paragraph(text, "warning")),
    make("h3", { text: "Database" }), ...databaseNodes(preview),
    make("h3", { text: "Files" }), ...filesNodes(preview),
    make("h3", { text: "Order" }),
    make("details", {}, make("summary", { text: `${plural(titles.length, "stage is", "stages are")} taken back, the last one first` }),
      make("ol", {}, ...titles.map((title) => make("li", { text: title })))),
    listOf([...preview.kept, "Visitors get the 503 page until Mautic 2 is back."]),
    preview.database.restored
      ? make("label", { class: "accept" }, box,
        make("span", {}, "Files only. ", make("span", { class: "note", text: preview.files_only })))
      : null,
  ];
}

export function askForRollback() {
  return ask({
    title: "Roll back to Mautic 2?",
    verb: "Roll back",
    kind: "danger",
    look: () => read("rollback"),
    show: rollbackNodes,
    act: () => drive("rollback", { files_only: byId("files-only")?.checked ?? false }),
  });
}

// Clean

const entryNode = (entry) =>
  make("span", {}, make("code", { text: entry.path }), `: ${entry.what}, ${bytes(entry.bytes)}`);

function cleanNodes(preview) {
  return [
    preview.deleted.length === 0
      ? paragraph("There is nothing to delete.")
      : paragraph(`This is deleted (${bytes(preview.bytes)}). There is no way back to Mautic 2 then.`, "strong"),
    listOf(preview.deleted.map(entryNode)),
    preview.kept.length > 0 ? paragraph("This is left, for it is yours; look through it yourself:") : null,
    preview.kept.length > 0 ? listOf(preview.kept.map(entryNode)) : null,
    make("label", { class: "accept" }, make("input", { type: "checkbox", id: "clean-sure" }),
      make("span", { text: "I have looked through the site, and need no way back" })),
  ];
}

export function askForClean() {
  return ask({
    title: "Delete what the way back needs?",
    verb: "Delete",
    kind: "danger",
    look: () => read("clean"),
    show: cleanNodes,
    ready: (go) => byId("clean-sure").addEventListener("change", (event) => setUsable(go, event.target.checked)),
    act: () => drive("clean"),
  });
}

// SPDX-License-Identifier: GPL-3.0-or-later
// The database migrations: the four numbers, the list, and each one's SQL, asked for when somebody wants to see it.

import { read } from "./daemon.js";
import { byId, make, makeButton, setText, setUsable } from "./elements.js";
import { count, plural } from "./words.js";

const NUMBERS = [
  ["executed", "Executed"],
  ["executed_unavailable", "Executed, no file"],
  ["available", "Available"],
  ["new", "New"],
];

const STATES = {
  new: "new",
  executed: "executed",
  left_behind: "executed, left behind by Mautic 3",
  unavailable: "executed, its file is gone",
};

const VERDICTS = {
  sql: "It sends these statements.",
  skipped: "It finds its work done and skips itself.",
  empty: "It sends nothing through addSql.",
  needs_php: "What it sends can't be told without PHP.",
  error: "It fails.",
};

const paragraph = (text, kind) => (text ? make("p", { text, class: kind }) : null);

function statementNode(statement) {
  const params = Array.isArray(statement.params) && statement.params.length === 0 ? "" : JSON.stringify(statement.params);
  return make("li", {}, make("pre", { tabindex: "0" }, make("code", { text: statement.sql })),
    params && params !== "{}" ? paragraph(`with ${params}`, "note") : null,
    statement.direct ? paragraph("Sent directly, not through addSql.", "note") : null);
}

function planNodes(migration) {
  const plan = migration.plan;
  if (!plan) return [paragraph("Its file is gone: what it did is not known any more.", "note")];
  return [
    migration.executed ? paragraph("It has been executed. Run again on the database as it is now:", "note") : null,
    paragraph(`${VERDICTS[plan.verdict] ?? plan.verdict} ${plan.message ?? ""}`),
    plan.statements.length > 0 ? make("ol", { class: "statements" }, ...plan.statements.map(statementNode)) : null,
    plan.post_up ? paragraph("It has a postUp, which runs after these.", "note") : null,
    paragraph(plan.notes, "note"),
  ].filter(Boolean);
}

function migrationNode(migration) {
  const body = make("div", {});
  const node = make("details", { class: "migration", "data-version": migration.version },
    make("summary", {}, make("code", { text: migration.version }), " ",
      make("span", { class: "note", text: [STATES[migration.state], migration.problem || migration.description].filter(Boolean).join(" · ") })),
    body);
  node.addEventListener("toggle", async () => {
    if (!node.open || body.dataset.asked) return;
    body.dataset.asked = "yes";
    body.replaceChildren(paragraph("Reading it…", "note"));
    try {
      body.replaceChildren(...planNodes(await read(`migrations/${encodeURIComponent(migration.version)}`)));
    } catch (error) {
      delete body.dataset.asked; // the next opening tries again
      body.replaceChildren(paragraph(error.message, "problem"));
    }
  });
  return node;
}

function listNodes(migrations) {
  const fresh = migrations.filter((migration) => migration.state === "new");
  const others = migrations.filter((migration) => migration.state !== "new");
  const nodes = fresh.map(migrationNode);
  if (fresh.length === 0) nodes.push(paragraph("No migration is new.", "note"));
  if (others.length > 0)
    nodes.push(make("details", { class: "passed" },
      make("summary", { text: `${plural(others.length, "other migration", "other migrations")}` }), ...others.map(migrationNode)));
  return nodes;
}

function show(answer) {
  setText(byId("migrations-summary"), `${count(answer.new)} new`);
  const numbers = NUMBERS.map(([name, label]) =>
    make("div", {}, make("dt", { text: label }), make("dd", { text: count(answer[name]), "data-number": name })));
  const again = makeButton("plain", "Count again", load);
  byId("migrations-body").replaceChildren(make("dl", { class: "numbers-row" }, ...numbers), ...listNodes(answer.migrations),
    make("div", { class: "actions" }, again));
}

async function load(button) {
  if (button) setUsable(button, false);
  else byId("migrations-body").replaceChildren(paragraph("Counting…", "note"));
  try {
    show(await read("migrations"));
  } catch (error) {
    byId("migrations-body").replaceChildren(paragraph(error.message, "problem"),
      make("div", { class: "actions" }, makeButton("plain", "Try again", load)));
  }
}

export function initMigrations() {
  const card = byId("migrations");
  card.hidden = false;
  card.addEventListener("toggle", (event) => {
    if (event.target === card && card.open) load();
  });
}

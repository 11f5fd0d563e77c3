// SPDX-License-Identifier: GPL-3.0-or-later
// What an administrator sees and does, at two in the morning and otherwise.

import assert from "node:assert/strict";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Skip, test } from "./tap.js";
import { until } from "./site.js";

const SLOW = 9000; // bytes a second, of a package of about 130 kB
const DOWNLOADING = "Stage 4 of 11: Download the Mautic 3 package";

const barOf = (page) => page.page.locator("#bar").evaluate((bar) => bar.value);

async function untilDownloading(page) {
  await page.page.getByText(DOWNLOADING, { exact: true }).waitFor();
  await until("the bar moves", async () => (await barOf(page)) > 1);
}

async function untilMoved(page, from) {
  await until(`the bar is beyond ${from}`, async () => (await barOf(page)) > from);
}

// A console that waits in the middle of Mautic 3's migrations, until it is let go.
async function hold(site) {
  await site.fault("doctrine:migrations:execute", "--argument", "20191126093923", "--wait", "--times", "1");
  return {
    reached: () => until("the console waits", () => existsSync(path.join(site.box, "console-waits"))),
    letGo: () => writeFileSync(path.join(site.box, "console-goes-on"), ""),
  };
}

test("progress moves without a reload, and a reload in the middle shows the same stage", async ({ site, open }) => {
  await site.create();
  await site.start(await site.slowPackage(SLOW));
  await site.upgrade();
  const page = await open(site.url);
  await page.mark();
  await page.headline("Upgrading");
  await untilDownloading(page);
  await page.page.getByText(/ kB\/s · .* left$/).waitFor();
  for (let i = 0; i < 2; i++) await untilMoved(page, await barOf(page));
  assert(await page.isMarked(), "the page has been loaded anew");
  await page.portraits("running");

  const before = await barOf(page);
  const html = await (await page.context.request.get(site.url)).text();
  assert(html.includes(DOWNLOADING), "the daemon's own page does not say the stage");
  await page.page.reload({ waitUntil: "commit" });
  await page.page.getByText(DOWNLOADING, { exact: true }).waitFor();
  assert(!(await page.isMarked()));
  assert((await barOf(page)) >= before, "the bar has gone back");
  await untilMoved(page, before);
  await page.judge("running");
  await page.headline("Finished");
  assert.equal(await page.page.locator('.stage[data-state="succeeded"]').count(), 11);
  await page.page.getByText("Mautic 3 is in service.").waitFor();
  await page.portraits("finished");
  await page.judge("finished");
});

test("the daemon is killed and started again: the page says so, reconnects and goes on", async ({ site, open }) => {
  await site.create();
  await site.start(await site.slowPackage(SLOW));
  await site.upgrade();
  const page = await open(site.url, { daemonMayGo: true });
  await page.mark();
  await untilDownloading(page);
  await site.kill();
  const words = page.page.getByRole("status").getByText(/The daemon can't be reached .* Trying again/);
  await words.waitFor();
  assert.equal(await page.button("Cancel").getAttribute("aria-disabled"), "true");
  await page.page.getByText(DOWNLOADING, { exact: true }).waitFor();
  await page.portraits("lost");
  await page.judge("lost");
  await site.startAgain();
  await words.waitFor({ state: "hidden" });
  await page.headline("Finished");
  assert(await page.isMarked(), "the page has been loaded anew");
  const lines = (await page.page.locator("#log > div").allInnerTexts()).map((line) => line.slice(9));
  const events = (await site.ask("GET", "events?after=0&limit=1000")).events.map((event) => event.text.trim());
  assert.deepEqual(lines.map((line) => line.trim()), events, "the log has a gap or says something twice");
});

test("an answer that comes late does not hide what came after it", async ({ site, open }) => {
  await site.create();
  await site.start(await site.slowPackage(SLOW));
  await site.upgrade();
  const page = await open(site.url);
  await untilDownloading(page);
  const old = await site.ask("GET", "status");
  // Kept as soon as the page has read it, and done what it does with it at once.
  await page.page.evaluate(() => {
    const json = Response.prototype.json;
    globalThis.lateState = new Promise((resolve) => {
      Response.prototype.json = async function read() {
        const value = await json.call(this);
        if (this.url.endsWith("/v1/status")) setTimeout(resolve, 0, value.state);
        return value;
      };
    });
  });
  await page.page.route("**/v1/status", async (route) => {
    await page.headline("Interrupted");
    await route.fulfill({ json: old });
  });
  await page.button("Cancel").click();
  assert.equal(await page.page.evaluate(() => globalThis.lateState), "running");
  assert.equal(await page.text("#headline"), "Interrupted");
});

test("a failed stage shows its code, and Resume works", async ({ site, open }) => {
  await site.create();
  await site.fault("doctrine:migrations:execute", "--argument", "20191126093923", "--fail", "1", "--times", "1",
    "--message", "SQLSTATE[42S02]: <img src=x onerror=alert(1)> not found");
  await site.start();
  await site.upgrade();
  const page = await open(site.url);
  await page.headline("Stopped: a stage failed");
  const error = page.page.locator("#error");
  await error.getByText("ERR_MAUTIC_3_MIGRATIONS_FAILED").waitFor();
  await error.getByText("migration_failed", { exact: true }).waitFor();
  await error.getByText("<img src=x onerror=alert(1)>").waitFor();
  assert.equal(await page.page.locator("#error img").count(), 0, "a message has become an element");
  await error.getByText("Help on this error").click();
  assert.match(await error.getByRole("link").getAttribute("href"), /#err_mautic_3_migrations_failed$/);
  await page.page.locator('.stage[data-state="failed"]').getByText("failed").waitFor();
  assert.match(await page.page.title(), /^Stopped: a stage failed/);
  await page.portraits("failed");
  await page.judge("failed");
  await page.button("Resume").click();
  await page.headline("Finished");
  assert(await error.isHidden());
  assert.match(await page.text("#announcer"), /^Finished/);
});

test("rollback shows what it will do, asks, and goes; so does clean", async ({ site, open }) => {
  await site.create();
  await site.start();
  await site.upgrade();
  await site.untilState("finished");
  const page = await open(site.url);
  await page.button("Roll back…").click();
  const dialog = page.page.getByRole("dialog", { name: "Roll back to Mautic 2?" });
  await dialog.getByText(/The database is restored from the backup of/).waitFor();
  await dialog.getByText("11 stages are taken back, the last one first").waitFor();
  await page.portraits("rollback");
  await page.judge("rollback");
  await page.dialogButton("Leave it as it is").click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal((await site.ask("GET", "status")).state, "finished");
  await page.button("Roll back…").click();
  await page.dialogButton("Roll back").click();
  await page.headline("Rolled back");
  assert.equal((await site.ask("GET", "status")).state, "rolled_back");
  assert.equal(await page.page.locator('.stage[data-state="undone"]').count(), 11);
  await page.portraits("rolled-back");
  await page.judge("rolled-back");

  await page.button("Clean up…").click();
  const sure = page.page.getByRole("dialog").getByRole("checkbox");
  await sure.waitFor();
  await page.portraits("clean");
  await page.judge("clean");
  assert.equal(await page.dialogButton("Delete").getAttribute("aria-disabled"), "true");
  await page.dialogButton("Delete").click({ force: true });
  assert.equal((await site.ask("GET", "status")).state, "rolled_back");
  await sure.check();
  await page.dialogButton("Delete").click();
  await page.headline("Cleaned up");
});

test("rollback of the files alone leaves the database; the backup is proven again when somebody asks", async ({ site, open }) => {
  await site.create();
  await site.start();
  const before = await site.ask("GET", "migrations");
  const page = await open(site.url);
  await site.upgrade();
  await page.headline("Finished");
  const card = page.page.locator("#backup-card");
  const former = (await site.ask("GET", "backup")).verification.time_ms;
  await card.getByRole("button", { name: "Prove it again" }).click();
  await until("the proof is a new one", async () => (await site.ask("GET", "backup")).verification.time_ms > former);
  await card.getByRole("button", { name: "Prove it again" }).waitFor();
  await page.judge("proven");
  assert.equal(await page.text("#backup-problem"), "");

  const orders = [];
  page.page.on("request", (request) => request.method() === "POST" && orders.push([new URL(request.url()).pathname, request.postDataJSON()]));
  await page.button("Roll back…").click();
  const dialog = page.page.getByRole("dialog");
  await dialog.getByLabel(/^Files only\. .*Mautic 2 does not run on a database/).check();
  await page.dialogButton("Roll back").click();
  await page.headline("Rolled back");
  assert.deepEqual(orders, [["/v1/rollback", { files_only: true }]]);
  const status = await site.ask("GET", "status");
  assert.equal(status.files_only, true);
  assert.equal(status.boundary.id, "nothing_changed");
  const after = await site.ask("GET", "migrations");
  assert(after.executed_unavailable > before.executed_unavailable, "Mautic 3's migrations are gone from the database");
});

test("cleaning up that fails says why, and goes on when it is told to", async ({ site, open }) => {
  await site.create();
  await site.faultCalls({ FAULT_STAGE: "clean", FAULT_CALL: "unlinkat", FAULT_AT: "1", FAULT_EVERY: "1", FAULT_ACTION: "EIO" });
  await site.start();
  await site.upgrade();
  await site.untilState("finished");
  const page = await open(site.url, { daemonMayGo: true });
  await page.button("Clean up…").click();
  await page.page.getByRole("dialog").getByRole("checkbox").check();
  await page.dialogButton("Delete").click();
  await page.headline("Not all backups could be deleted");
  const error = page.page.locator("#error");
  await error.getByText("ERR_CLEAN_FAILED", { exact: true }).waitFor();
  await error.getByText("input_output", { exact: true }).waitFor();
  assert.equal(await error.getByRole("checkbox").count(), 0);
  assert.equal(await page.page.getByRole("button", { name: "Roll back…" }).count(), 0);
  await page.portraits("clean-failed");
  await page.judge("clean-failed");
  await page.button("Go on cleaning up").click();
  await until("it has been tried again", async () => (await site.ask("GET", "events?limit=1000")).events
    .filter(({ text }) => text.startsWith("The deleting of the backups goes on")).length === 1);
  await page.headline("Not all backups could be deleted");
  await site.kill();
  site.environment = {};
  await site.startAgain();
  await page.button("Go on cleaning up").click();
  await page.headline("Cleaned up");
  assert(await error.isHidden());
  assert(await page.page.locator("#backup-card").isHidden());
});

test("the warnings of preflight are accepted one by one, then the upgrade starts", async ({ site, open }) => {
  await site.create();
  await site.start();
  const page = await open(site.url);
  const orders = [];
  page.page.on("request", (request) => request.url().endsWith("/v1/start") && orders.push(request.postDataJSON()));
  await page.headline("Not started");
  await page.portraits("idle");
  await page.judge("idle");
  assert.equal(await page.text("#elapsed"), "");
  const start = page.button("Start the upgrade");
  assert.equal(await start.getAttribute("aria-disabled"), "true");
  await page.button("Run the checks").click();
  const boxes = page.page.locator("#checks").getByRole("checkbox");
  await boxes.first().waitFor();
  await page.portraits("checks");
  await page.judge("checks");
  const count = await boxes.count();
  assert(count >= 2, "a sandbox site has more than one warning");
  for (let i = 0; i < count; i++) {
    assert.equal(await start.getAttribute("aria-disabled"), "true");
    await start.click({ force: true });
    await boxes.nth(i).check();
  }
  assert.equal(await start.getAttribute("aria-disabled"), null);
  await boxes.first().uncheck();
  assert.equal(await start.getAttribute("aria-disabled"), "true");
  await boxes.first().check();
  assert.equal((await site.ask("GET", "status")).state, "idle");
  const { findings } = await site.ask("GET", "preflight");
  await start.click();
  await page.headline("Finished");
  const warnings = findings.filter(({ severity }) => severity === "warning").map(({ id }) => id);
  assert.deepEqual(orders, [{ accept_warnings: warnings }]);
});

test("an error of preflight holds the start back, and a stopped preflight is resumed from its findings", async ({ site, open }) => {
  await site.create();
  await site.start({ "database.socket": "/nowhere/mariadb.sock", "database.timeout": "1" });
  const page = await open(site.url, { daemonMayGo: true });
  await page.button("Run the checks").click();
  await page.page.locator('.finding[data-severity="error"]').first().waitFor();
  await page.acceptAll();
  assert.equal(await page.button("Start the upgrade").getAttribute("aria-disabled"), "true");
  await page.page.getByText(/^Correct \d+ errors? below first/).waitFor();
  await page.portraits("errors");
  await page.judge("errors");
  await site.kill();
  site.settings["database.socket"] = site.facts.database.socket;
  await site.startAgain();
  await site.ask("POST", "start", {});
  const again = await open(site.url);
  await again.page.getByText("preflight_warnings", { exact: true }).waitFor();
  await again.page.locator("#checks").getByRole("checkbox").first().waitFor();
  await again.acceptAll();
  await again.button("Resume").click();
  await again.headline("Finished");
});

test("with JavaScript off the page tells state, stages and error, and offers no buttons", async ({ site, open }) => {
  await site.create();
  const held = await hold(site);
  await site.fault("cache:clear", "--fail", "1", "--message", "the cache <b>can't</b> be built");
  await site.start();
  await site.upgrade();
  await held.reached();
  const page = await open(site.url, { javaScriptEnabled: false });
  await page.headline("Upgrading");
  await page.page.getByText("Stage 8 of 11: Apply the migrations of Mautic 3", { exact: true }).waitFor();
  await page.page.getByText(/reload to update/).waitFor();
  assert.equal(await page.page.getByRole("button").count(), 0);
  assert.equal(await page.page.locator('.stage[data-state="succeeded"]').count(), 7);
  await page.screenshot("no-javascript");
  held.letGo();
  await site.untilState("failed");
  await page.reload();
  await page.headline("Stopped: a stage failed");
  const error = page.page.locator("#error");
  await error.getByText("ERR_BUILD_M3_CACHE", { exact: true }).waitFor();
  await error.getByText("the cache <b>can't</b> be built").waitFor();
  assert.equal(await error.locator("b").count(), 0, "a message has become an element");
});

test("the keyboard alone is enough", async ({ site, open }) => {
  await site.create();
  const held = await hold(site);
  await site.start();
  const page = await open(site.url);
  const keys = page.page.keyboard;
  const focused = () => page.page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const words = element.labels?.[0]?.textContent ?? element.textContent;
    return { words: words.trim(), visible: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
  });
  const tabTo = async (words, key = "Tab") => {
    for (let i = 0; i < 80; i++) {
      await keys.press(key);
      const now = await focused();
      if (!now.words.startsWith(words)) continue;
      assert(now.visible, `the focus on ${words} can't be seen`);
      return;
    }
    assert.fail(`Tab does not lead to ${words}`);
  };
  await page.headline("Not started");
  await keys.press("Tab");
  assert.equal((await focused()).words, "To the status");
  await tabTo("Run the checks");
  await keys.press("Enter");
  const boxes = page.page.locator("#checks").getByRole("checkbox");
  await boxes.first().waitFor();
  const count = await boxes.count();
  for (let i = 0; i < count; i++) {
    await tabTo("I accept this warning");
    await keys.press("Space");
  }
  assert.equal(await page.page.locator("#checks").getByRole("checkbox", { checked: true }).count(), count);
  await tabTo("Start the upgrade", "Shift+Tab");
  await keys.press("Enter");
  await held.reached();
  await page.headline("Upgrading");
  assert.notEqual(await page.page.evaluate(() => document.activeElement.tagName), "BODY", "the focus is lost");
  await tabTo("Cancel", "Shift+Tab").catch(() => tabTo("Cancel"));
  await keys.press("Enter");
  held.letGo();
  await page.headline("Interrupted");
  await page.portraits("interrupted");
  await page.judge("interrupted");
  await tabTo("Roll back…");
  await keys.press("Enter");
  await page.page.getByRole("dialog").getByText(/stages are taken back/).waitFor();
  assert.equal((await focused()).words, "Leave it as it is");
  await keys.press("Escape");
  await page.page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal((await focused()).words, "Roll back…");
  await tabTo("Resume", "Shift+Tab");
  await keys.press("Enter");
  await page.headline("Finished");
});

test("behind nginx, below a prefix, with a password", async ({ site, open }) => {
  await site.create();
  await site.start();
  const url = await site.nginx();
  const page = await open(url, { httpCredentials: { username: "admin", password: "secret" }, ignoreHTTPSErrors: true });
  const outside = [];
  page.page.on("request", (request) => request.url().startsWith(url) || outside.push(request.url()));
  await page.button("Run the checks").click();
  await page.page.locator("#checks").getByRole("checkbox").first().waitFor();
  await page.acceptAll();
  await page.button("Start the upgrade").click();
  await page.headline("Finished");
  await page.page.getByText("Database migrations").click();
  await page.page.locator('[data-number="new"]').waitFor();
  assert.deepEqual(outside, []);
});

test("behind a proxy that holds the stream back, progress still moves, and nobody asks in a frenzy", async ({ site, open }) => {
  await site.create();
  await site.start(await site.slowPackage(SLOW * 0.7));
  await site.upgrade();
  const url = await site.nginx("--buffered");
  const page = await open(url, { httpCredentials: { username: "admin", password: "secret" }, ignoreHTTPSErrors: true, daemonMayGo: true });
  await page.mark();
  await untilDownloading(page);
  for (let i = 0; i < 2; i++) await untilMoved(page, await barOf(page));
  await page.headline("Finished");
  assert(await page.isMarked());

  // Events that are told of and can't be had: what would have the page wait is answered at once.
  const status = await site.ask("GET", "status");
  const asked = [];
  await page.page.route("**/v1/events?after=*", (route) => route.fulfill({ json: { events: [], last: 0 } }));
  await page.page.route("**/v1/status?wait=*", (route) => {
    asked.push(Date.now());
    return route.fulfill({ json: { ...status, last_event: status.last_event + 1 } });
  });
  await site.kill(); // the question under way ends with it
  await until("it has asked five times", () => asked.length >= 5);
  assert(asked[4] - asked[0] >= 4 * 240, `five questions in ${asked[4] - asked[0]} ms`);
  await page.page.unrouteAll({ behavior: "wait" });

  site.forget();
  await site.startAgain();
  await page.headline("Not started");
  assert(!(await page.isMarked()), "what is left of another state folder's story is still there");
});

test("who may not drive sees everything and no button", async ({ site, open }) => {
  if (process.getuid() !== 0) throw new Skip("needs root, to ask as somebody else");
  await site.create();
  await site.start();
  const page = await open(await site.strangersDoor());
  await page.headline("Not started");
  await page.page.getByText(/^You may look, but not drive/).waitFor();
  assert.equal(await page.page.getByRole("button").count(), 0);
  await page.screenshot("stranger");
  await site.upgrade();
  await page.headline("Finished");
  assert.equal(await page.page.locator("#actions").getByRole("button").count(), 0);
});

test("the migrations: four numbers, the list, and each one's SQL when it is asked for", async ({ site, open }) => {
  await site.create();
  await site.start();
  const page = await open(site.url);
  await page.page.getByRole("heading", { name: "Database migrations" }).click();
  const answer = await site.ask("GET", "migrations");
  for (const name of ["executed", "executed_unavailable", "available", "new"])
    assert.equal(await page.text(`[data-number="${name}"]`), String(answer[name]));
  const fresh = answer.migrations.filter(({ state }) => state === "new");
  const plans = [];
  for (const { version } of fresh) plans.push(await site.ask("GET", `migrations/${version}`));
  const one = plans.find(({ plan }) => plan.statements.length > 0);
  const item = page.page.locator(`[data-version="${one.version}"]`);
  assert.equal(await item.locator("pre").count(), 0, "nobody has asked for it yet");
  await item.locator("summary").click();
  await item.locator("pre").first().waitFor();
  assert.deepEqual(await item.locator("pre").allTextContents(), one.plan.statements.map(({ sql }) => sql));
  const all = await page.text("#migrations-body");
  assert(!/[\u202a-\u202e\u2066-\u2069]/.test(all), "a parameter turns the direction of writing");
  await page.portraits("migrations");
  await page.judge("migrations");
});

test("evidence that contradicts is shown, and can be accepted by who has looked", async ({ site, open }) => {
  await site.create();
  await site.start(await site.slowPackage(SLOW));
  await site.upgrade();
  const page = await open(site.url);
  await untilDownloading(page);
  await page.button("Cancel").click();
  await page.headline("Interrupted");
  appendFileSync((await site.ask("GET", "backup")).path, "more");
  await page.button("Resume").click();
  await page.page.getByText("evidence_contradicts", { exact: true }).waitFor();
  const box = page.page.getByLabel("I have looked at it, and it may be so: contradicted_backup_database");
  await page.portraits("contradicted");
  await page.judge("contradicted");
  await box.check();
  await page.button("Resume").click();
  await page.headline("Upgrading");
  await page.headline("Finished");
});

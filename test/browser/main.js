// SPDX-License-Identifier: GPL-3.0-or-later
// main.js BUILD [--only WORD]

import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { launch, Watched } from "./page.js";
import { Site } from "./site.js";
import { runAll } from "./tap.js";

await import("./cases.js");

const build = path.resolve(process.argv[2]);
const only = process.argv[3] === "--only" ? process.argv[4] : null;
const bench = {
  build,
  scratch: mkdtempSync(path.join(os.tmpdir(), "browser-")),
  screenshots: process.env.SCREENSHOTS ?? path.join(build, "screenshots"),
  browser: await launch(),
};

// A proxy of another user passes through to the socket.
chmodSync(bench.scratch, 0o711);

const sites = new Set(); // those that hold processes now

async function giveUp() {
  await Promise.allSettled([...sites].map((site) => site.destroy()));
  rmSync(bench.scratch, { recursive: true, force: true });
  process.exit(130);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, giveUp);

let count = 0;

// A case gets what it needs, and loses it afterwards; what a page did wrong on the way counts as its failure.
async function prepare(body) {
  const number = ++count;
  const site = new Site(bench, number);
  sites.add(site);
  const pages = [];
  const open = async (url, options) => {
    const watched = await Watched.open(bench, url, options);
    pages.push(watched);
    return watched;
  };
  let passed = false;
  try {
    await body({ site, open, bench });
    passed = true;
  } catch (error) {
    await pages[0]?.screenshot(`failed-${number}`).catch(() => {});
    throw error;
  } finally {
    const closed = await Promise.allSettled(pages.map((page) => page.close()));
    await site.destroy();
    sites.delete(site);
    const fault = closed.find(({ status }) => status === "rejected");
    if (passed && fault) throw fault.reason;
    if (fault) console.log(String(fault.reason).replace(/^/gm, "# "));
  }
}

let good = false;
try {
  good = await runAll(only, Number(process.env.JOBS ?? 2), prepare);
} finally {
  await bench.browser.close();
  rmSync(bench.scratch, { recursive: true, force: true });
}
console.log(`# screenshots: ${bench.screenshots}`);
process.exitCode = good ? 0 : 1;

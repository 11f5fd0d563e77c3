// SPDX-License-Identifier: GPL-3.0-or-later
// A page in the browser, watched: what it must never do fails the case, whatever the case is about.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args: FLAGS, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
}

export class Watched {
  // options: those of a browser context, and daemonMayGo: requests may fail in this case
  static async open(bench, url, { daemonMayGo = false, ...options } = {}) {
    const watched = new Watched();
    watched.bench = bench;
    watched.url = url;
    watched.daemonMayGo = daemonMayGo;
    watched.faults = [];
    watched.context = await bench.browser.newContext({ viewport: { width: 1200, height: 900 }, locale: "en-GB", ...options });
    watched.page = await watched.context.newPage();
    await watched.watch();
    await watched.page.goto(url);
    return watched;
  }

  async watch() {
    const page = this.page;
    page.setDefaultTimeout(60000);
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      // The browser's own words for an answer that the page expects: none yet, none any more, not now.
      const place = message.location().url ?? "";
      if (/Failed to load resource/.test(message.text()) && (this.daemonMayGo || /\/v1\/preflight$/.test(place))) return;
      this.faults.push(`console: ${message.text()} ${place}`);
    });
    page.on("pageerror", (error) => this.faults.push(`error: ${error.stack ?? error}`));
    const origin = new URL(this.url).origin;
    page.on("request", (request) => {
      if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith("data:"))
        this.faults.push(`foreign request: ${request.url()}`);
    });
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));
    }).catch(() => {});
  }

  async reload() {
    await this.page.reload();
  }

  text(selector) {
    return this.page.locator(selector).innerText();
  }

  // One of the buttons beside the state.
  button(name) {
    return this.page.locator("#actions").getByRole("button", { name, exact: true });
  }

  dialogButton(name) {
    return this.page.getByRole("dialog").getByRole("button", { name, exact: true });
  }

  async acceptAll() {
    for (const box of await this.page.locator("#checks").getByRole("checkbox").all()) await box.check();
  }

  // What only this document can know: gone when it has been loaded anew.
  mark() {
    return this.page.evaluate(() => { globalThis.isTheSame = true; });
  }

  isMarked() {
    return this.page.evaluate(() => globalThis.isTheSame === true);
  }

  headline(text) {
    return this.page.getByRole("heading", { level: 2, name: text, exact: true }).waitFor();
  }

  async screenshot(name) {
    mkdirSync(this.bench.screenshots, { recursive: true });
    // Behind a dialog's backdrop there is only what the window shows.
    const fullPage = (await this.page.locator("dialog[open]").count()) === 0;
    await this.page.screenshot({ path: path.join(this.bench.screenshots, `${name}.png`), fullPage });
  }

  // The same state in light, in dark, and on a phone, where nothing may stick out sideways.
  async portraits(name) {
    const size = this.page.viewportSize();
    await this.page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await this.screenshot(`${name}-light`);
    await this.page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await this.screenshot(`${name}-dark`);
    await this.page.setViewportSize({ width: 360, height: 740 });
    const tooWide = await this.page.evaluate(() => [document.documentElement, ...document.querySelectorAll("dialog[open]")]
      .find((element) => element.scrollWidth > element.clientWidth)?.tagName);
    await this.screenshot(`${name}-phone`);
    await this.page.emulateMedia({ colorScheme: "light", reducedMotion: null });
    await this.page.setViewportSize(size);
    if (tooWide) throw new Error(`${name}: ${tooWide} scrolls sideways on a phone of 360 px`);
  }

  // What axe finds wrong, in light and in dark.
  async judge(name) {
    const found = [];
    for (const colorScheme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await this.page.evaluate(axeSource);
      const { violations } = await this.page.evaluate(() => globalThis.axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      }));
      for (const violation of violations)
        for (const node of violation.nodes)
          found.push(`${colorScheme}: ${violation.id}: ${node.target} ${node.failureSummary?.replaceAll("\n", " ")}`);
    }
    await this.page.emulateMedia({ colorScheme: "light", reducedMotion: null });
    if (found.length > 0) throw new Error(`${name}: axe finds\n${found.join("\n")}`);
  }

  async close() {
    await this.context.close();
    if (this.faults.length > 0) throw new Error(this.faults.join("\n"));
  }
}

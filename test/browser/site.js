// SPDX-License-Identifier: GPL-3.0-or-later
// A sandbox site with the daemon on it, and a way for a browser to reach its socket.

import { execFile, spawn } from "node:child_process";
import { chmodSync, createWriteStream, mkdirSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const top = path.resolve(fileURLToPath(import.meta.url), "../../..");
const sandbox = path.join(top, "test/sandbox/sandbox");
const run = promisify(execFile);
const PATIENCE_MS = 120000;
const DOOR = `const net = require("net");
  const door = net.createServer((client) => {
    const server = net.connect(process.argv[1]);
    for (const [one, other] of [[client, server], [server, client]]) { one.on("error", () => other.destroy()); one.pipe(other); }
  });
  door.listen(0, "127.0.0.1", () => console.log(door.address().port));`;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Until the condition gives something true; fails with its words when it never does.
export async function until(words, condition) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain until ${words}`);
    await sleep(50);
  }
}

export class Site {
  constructor(bench, name) {
    this.build = bench.build;
    this.template = path.join(bench.scratch, "template");
    this.box = path.join(bench.scratch, `box-${name}`);
    this.state = path.join(this.box, "state");
    this.socket = path.join(this.box, "run", "site.sock");
    this.daemon = null;
    this.environment = {}; // of the next daemon, beside the sandbox's
    this.processes = [];
    this.connections = new Set();
  }

  async create(...options) {
    await run(sandbox, ["create", this.box, "--template", this.template, ...options]);
    this.facts = JSON.parse(readFileSync(path.join(this.box, "sandbox.json"), "utf8"));
    mkdirSync(this.state, { mode: 0o700 });
    this.log = createWriteStream(path.join(this.box, "daemon.log"), { flags: "a" });
    this.url = await this.openDoor();
  }

  // A TCP port that leads to the socket, whichever daemon is behind it.
  openDoor() {
    this.door = net.createServer((client) => {
      const server = net.connect(this.socket);
      for (const [one, other] of [[client, server], [server, client]]) {
        this.connections.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => { this.connections.delete(one); other.destroy(); });
        one.pipe(other);
      }
    });
    return new Promise((resolve) => {
      this.door.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${this.door.address().port}/`));
    });
  }

  spawn(program, parameters, options) {
    const child = spawn(program, parameters, { stdio: ["ignore", "pipe", "pipe"], ...options });
    child.stderr?.pipe(this.log, { end: false });
    child.gone = new Promise((resolve) => child.on("exit", resolve));
    this.processes.push(child);
    return child;
  }

  async start(settings = {}) {
    this.settings = {
      "database.socket": this.facts.database.socket,
      "package.file": this.facts.package,
      "smoke.request": "no",
      "gate.settle": "0",
      ...(process.getuid() === 0 ? { "daemon.group": "nogroup" } : {}), // as whose member a proxy serves
      ...settings,
    };
    await this.startAgain();
  }

  async startAgain() {
    const assignments = Object.entries(this.settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    this.daemon = this.spawn(path.join(this.build, "daemon/mautic-upgraded"),
      ["--root", this.facts.site, "--state-dir", this.state, "--socket", this.socket, ...assignments],
      { env: { ...process.env, ...this.facts.environment, ...this.environment }, stdio: ["ignore", "ignore", "pipe"] });
    await until("the daemon answers", async () => {
      if (this.daemon.exitCode !== null) throw new Error(`the daemon has ended: ${readFileSync(this.log.path, "utf8").slice(-2000)}`);
      return this.ask("GET", "status").catch(() => null);
    });
  }

  async kill() {
    this.daemon.kill("SIGKILL");
    await this.daemon.gone;
  }

  // As if nothing had ever been done here.
  forget() {
    rmSync(this.state, { recursive: true });
    mkdirSync(this.state, { mode: 0o700 });
  }

  // The next daemon's calls go through test/faults/shim.c. A sanitized program must have its runtime in front of it.
  async faultCalls(plan) {
    const { stdout } = await run("ldd", [path.join(this.build, "daemon/mautic-upgraded")]);
    const runtime = /libasan\S* => (\S+)/.exec(stdout)?.[1];
    const preload = [runtime, path.join(this.build, "test/faults/fault-shim.so")].filter(Boolean).join(":");
    this.environment = { LD_PRELOAD: preload, ...plan };
  }

  // A call of the API that no browser has a part in.
  ask(method, name, body) {
    return new Promise((resolve, reject) => {
      const headers = method === "POST" ? { "Content-Type": "application/json" } : {};
      const request = http.request({ socketPath: this.socket, path: `/v1/${name}`, method, headers, agent: false }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (piece) => { text += piece; });
        answer.on("end", () => (answer.statusCode < 400 ? resolve(JSON.parse(text)) : reject(new Error(text))));
      });
      request.on("error", reject);
      request.end(body ? JSON.stringify(body) : undefined);
    });
  }

  // The upgrade, from outside, with every warning accepted.
  async upgrade() {
    const { findings } = await this.ask("POST", "preflight");
    const warnings = findings.filter(({ severity }) => severity === "warning").map(({ id }) => id);
    await this.ask("POST", "start", { accept_warnings: warnings });
  }

  untilState(...states) {
    return until(`the state is ${states.join(" or ")}`, async () => {
      const status = await this.ask("GET", "status");
      return states.includes(status.state) ? status : null;
    });
  }

  fault(...words) {
    return run(sandbox, ["fault", this.box, ...words]);
  }

  // Serves the package, so many bytes a second; gives the settings for it.
  async slowPackage(rate) {
    const server = this.spawn(path.join(top, "test/tools/http-server"), ["--rate", String(rate), path.dirname(this.facts.package)]);
    const line = await new Promise((resolve) => server.stdout.once("data", (data) => resolve(String(data).trim())));
    return { "package.file": "", "package.url": `${line}${path.basename(this.facts.package)}`, "package.insecure": "yes" };
  }

  // nginx with the configuration of packaging/: the address of the page behind it, with TLS.
  async nginx(...options) {
    const server = this.spawn(path.join(top, "test/tools/front-server"), ["nginx", this.socket, path.join(this.box, "nginx"), ...options]);
    server.ending = "SIGTERM"; // its workers go with it
    const line = await new Promise((resolve) => {
      server.stdout.once("data", (data) => resolve(String(data)));
      server.gone.then(() => resolve(null));
    });
    if (!line) throw new Error(`nginx does not start: ${readFileSync(this.log.path, "utf8").slice(-2000)}`);
    return line.split(" ")[0];
  }

  // A door for somebody who may look and not drive.
  async strangersDoor() {
    chmodSync(path.dirname(this.socket), 0o755);
    chmodSync(this.socket, 0o666);
    const door = this.spawn("setpriv", ["--reuid", "12345", "--regid", "12345", "--clear-groups", process.execPath, "-e", DOOR, this.socket]);
    return new Promise((resolve) => door.stdout.once("data", (port) => resolve(`http://127.0.0.1:${String(port).trim()}/`)));
  }

  async destroy() {
    for (const child of this.processes) child.kill(child.ending ?? "SIGKILL");
    await Promise.all(this.processes.map((child) => child.gone));
    this.door?.close();
    for (const connection of this.connections) connection.destroy();
    this.log?.end();
    await run(sandbox, ["destroy", this.box]).catch(() => {});
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
// Runs cases, some at a time, and tells their results as TAP.

export class Skip extends Error {}

const cases = [];

export function test(name, body) {
  cases.push({ name, body });
}

function report(number, { name }, error) {
  if (error instanceof Skip) console.log(`ok ${number} - ${name} # skip ${error.message}`);
  else console.log(`${error ? "not ok" : "ok"} ${number} - ${name}`);
  if (error && !(error instanceof Skip)) console.log(String(error.stack ?? error).replace(/^/gm, "# "));
}

// True when none has failed.
export async function runAll(only, jobs, prepare) {
  const chosen = cases.filter(({ name }) => !only || name.includes(only));
  const waiting = [...chosen];
  let number = 0;
  let failures = 0;
  console.log(`1..${chosen.length}`);
  async function work() {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      let error = null;
      try {
        await prepare(one.body, one.name);
      } catch (thrown) {
        error = thrown;
      }
      failures += error !== null && !(error instanceof Skip);
      report(++number, one, error);
    }
  }
  await Promise.all(Array.from({ length: jobs }, work));
  return failures === 0;
}

// SPDX-License-Identifier: GPL-3.0-or-later
// Calls of the API. Every address is relative to the page's own, whatever a proxy has put in front of it.

const address = (path) => new URL(`v1/${path}`, document.baseURI);

// The daemon has answered, and said no.
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The answer was ${status}.`);
    this.status = status;
    this.reason = problem.reason;
  }
}

// Nobody has answered, or somebody else in its place.
export class OutOfReach extends Error {}

export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(address(path), { cache: "no-store", ...options });
  } catch (error) {
    throw new OutOfReach(error.message);
  }
  if (answer.ok) return answer;
  if (!(answer.headers.get("Content-Type") ?? "").startsWith("application/problem+json")) {
    if (answer.status === 401) throw new OutOfReach("the web server wants you to log in again: reload this page");
    throw new OutOfReach(`the web server answers ${answer.status} in its place`);
  }
  throw new Refusal(answer.status, await answer.json());
}

export async function read(path, options) {
  const answer = await ask(path, options);
  try {
    return await answer.json();
  } catch (error) {
    throw new OutOfReach(error.message);
  }
}

// A command. The content type is one that no form of a foreign page can send.
export function drive(path, body = {}) {
  return read(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

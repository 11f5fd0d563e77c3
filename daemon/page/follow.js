// SPDX-License-Identifier: GPL-3.0-or-later
// Follows the daemon for as long as the page is open: by its stream of events, from the last one seen; by asking again
// and again where something in between holds the stream back; and through restarts of the daemon.

import { ask, read } from "./daemon.js";
import { isAtWork } from "./status.js";

const FIRST_BYTES_MS = 5000; // the daemon greets at once
const SILENCE_MS = 20000; // it gives a sign of life every 15 s
const LATE_MS = 3000; // so much longer under way than another one was: it has been held back
const LONG_WAIT_S = 25;
const SHORT_WAIT_S = 1; // at work: progress is no event that would end the wait
const PAUSE_MS = 250; // where the wait ends at once, and there is nothing new all the same
const RETRY_MS = [250, 500, 1000, 2000, 3000];
const EVENTS_AT_ONCE = 500;

// By two clocks that need not agree: only its differences mean something.
const age = (status) => Date.now() - Date.parse(status.time);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Something in between keeps the stream until it is worth its while.
class HeldBack extends Error {}

function parse(block) {
  const event = { id: null, type: "message", data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (line.startsWith("id:")) event.id = Number(value);
    else if (line.startsWith("event:")) event.type = value;
    else if (line.startsWith("data:")) event.data += value;
  }
  return event.data ? event : null;
}

export class Follower {
  // status: as it is now. after: the last event that is known.
  // handlers: event(event) of the log, status(status) as it is now, lost(error)
  constructor(status, after, handlers) {
    this.after = after;
    this.handlers = handlers;
    this.heldBack = false;
    this.failures = 0;
    this.youngest = age(status);
    this.atWork = isAtWork(status);
  }

  async run() {
    for (;;) {
      try {
        if (this.heldBack) await this.poll();
        else await this.stream();
      } catch (error) {
        await this.recover(error);
      }
    }
  }

  async recover(error) {
    if (error instanceof HeldBack) {
      this.heldBack = true;
      return;
    }
    // The second failure in a row: a stream may end for good reasons.
    if (this.failures > 0) this.handlers.lost(error);
    await sleep(RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)]);
    this.failures++;
  }

  tell(status) {
    this.failures = 0;
    this.atWork = isAtWork(status);
    this.handlers.status(status);
  }

  take({ id, type, data }) {
    if (type === "progress") {
      this.takeStatus(JSON.parse(data));
      return;
    }
    if (id !== null) this.after = id;
    this.handlers.event(JSON.parse(data));
  }

  takeStatus(status) {
    const late = age(status) > this.youngest + LATE_MS;
    this.youngest = Math.min(this.youngest, age(status));
    if (late) throw new HeldBack();
    this.tell(status);
  }

  async stream() {
    const aborter = new AbortController();
    const onSilence = () => aborter.abort(new HeldBack());
    let alarm = setTimeout(onSilence, FIRST_BYTES_MS);
    try {
      const answer = await ask("events?progress=1", {
        headers: { Accept: "text/event-stream", "Last-Event-ID": String(this.after) },
        signal: aborter.signal,
      });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) throw new Error("its stream has ended");
        clearTimeout(alarm);
        alarm = setTimeout(onSilence, SILENCE_MS);
        const blocks = (text + value).split("\n\n");
        text = blocks.pop();
        for (const event of blocks.map(parse)) if (event) this.take(event);
      }
    } catch (error) {
      throw aborter.signal.aborted ? aborter.signal.reason : error;
    } finally {
      clearTimeout(alarm);
      aborter.abort();
    }
  }

  async poll() {
    const before = this.after;
    const wait = this.atWork ? SHORT_WAIT_S : LONG_WAIT_S;
    const status = await read(`status?wait=${wait}&after=${this.after}`);
    this.tell(status);
    while (status.last_event > this.after) {
      const { events } = await read(`events?after=${this.after}&limit=${EVENTS_AT_ONCE}`);
      if (events.length === 0) break;
      for (const event of events) {
        this.after = event.sequence;
        this.handlers.event(event);
      }
    }
    if (this.after === before && status.last_event !== before) await sleep(PAUSE_MS);
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later
// Where the upgrade stands: the head of the page and the list of stages, which the daemon has filled for the first time.

import { byId, make, setData, setText } from "./elements.js";
import { clock, duration, percent, progressText, stageWord, upgradeWord } from "./words.js";

const AT_WORK = ["running", "rolling_back", "cleaning"];
const COUNTED = ["running", "rolling_back"]; // their time is that of the upgrade

export const isAtWork = (status) => AT_WORK.includes(status.state);

let started = null; // of what the clock in the head counts, on this machine's clock
let closed = null; // when visitors began to get the 503 page, by this clock; null: they do not
let announced = document.body.dataset.state;

function stageLine(status) {
  const stages = status.stages;
  const index = stages.findIndex((stage) => stage.name === status.stage);
  if (index < 0) return "";
  return `Stage ${index + 1} of ${stages.length}: ${stages[index].title}`;
}

function showProgress(status) {
  const progress = status.progress;
  const bar = byId("bar");
  byId("progress").hidden = !progress;
  if (!progress) return;
  if (progress.total) {
    bar.max = progress.total;
    bar.value = Math.min(progress.done, progress.total);
  } else {
    bar.removeAttribute("value");
  }
  setText(byId("numbers"), progressText(progress));
}

function showError(status) {
  const error = status.error;
  byId("error").hidden = !error;
  if (!error) return;
  for (const part of ["code", "reason", "message", "meaning", "advice", "next"])
    setText(byId(`error-${part}`), error[part] ?? "");
  byId("error-link").href = error.link ?? "";
  byId("error-link").hidden = !error.link;
}

function showElapsed() {
  setText(byId("elapsed"), duration((Date.now() - started) / 1000));
}

// Seconds while visitors get the page, counted on from what the daemon told.
function showDowntime() {
  setText(byId("downtime"), `Visitors have got the 503 page for ${duration((Date.now() - closed) / 1000)}.`);
}

function startDowntime(status) {
  const seconds = status.downtime_seconds ?? null;
  const since = status.downtime_since ?? null;
  byId("downtime-row").hidden = seconds === null;
  closed = since ? Date.now() - seconds * 1000 : null;
  if (since) showDowntime();
  else setText(byId("downtime"), seconds === null ? "" : `Visitors got the 503 page for ${duration(seconds)}.`);
}

function startClock(status) {
  const now = Date.parse(status.time);
  const end = Date.parse(status.finished_at);
  const begin = Date.parse(status.started_at); // NaN while there is none
  started = null;
  if (COUNTED.includes(status.state)) {
    started = Date.now() - (now - begin);
    showElapsed();
  } else {
    setText(byId("elapsed"), status.state === "finished" ? `took ${duration((end - begin) / 1000)}` : "");
  }
}

// What is not known to go on does not count on.
export function stopClock() {
  started = null;
  closed = null;
}

setInterval(() => {
  if (started !== null) showElapsed();
  if (closed !== null) showDowntime();
}, 1000);

// Said to a screen reader when the state or the stage is another; never the progress.
function announce(status, headline) {
  const key = `${status.state} ${status.stage}`;
  if (announced === null || announced === key) return;
  announced = key;
  const reason = status.error ? ` ${status.error.code}: ${status.error.message}` : "";
  setText(byId("announcer"), `${headline}. ${stageLine(status)}.${reason}`);
}

function showTitle(status, headline) {
  const done = isAtWork(status) ? percent(status.progress) : "";
  const title = `${done ? `${done} ` : ""}${headline} – ${status.site}`;
  if (document.title !== title) document.title = title;
}

export function showStatus(status) {
  const { headline, tone } = upgradeWord(status.state);
  setData(document.body, "state", status.state);
  setData(document.body, "tone", tone);
  setText(byId("headline"), headline);
  setText(byId("versions"), `${status.from_version ?? "2"} → ${status.to_version ?? "3"}`);
  setText(byId("stage-line"), stageLine(status));
  setText(byId("boundary"), status.boundary.meaning);
  setData(byId("boundary"), "boundary", status.boundary.id);
  showProgress(status);
  showError(status);
  showStages(status);
  startClock(status);
  startDowntime(status);
  showTitle(status, headline);
  announce(status, headline);
}

// The stages

function stageTimes({ state, started_at: started, finished_at: finished }) {
  if (state === "pending" || !started) return [];
  if (!finished) return [`since ${clock(started)}`];
  const took = (Date.parse(finished) - Date.parse(started)) / 1000;
  return [clock(finished), took < 1 ? "under 1 s" : duration(took)];
}

function stageWords(stage) {
  const tries = stage.attempts > 1 && stage.state !== "undone" ? `, attempt ${stage.attempts}` : "";
  return [stageWord(stage.state) + tries, ...stageTimes(stage)].join(" · ");
}

function makeStage(stage) {
  return make("li", { class: "stage", "data-stage": stage.name },
    make("span", { class: "mark", "aria-hidden": "true" }),
    make("span", { class: "name", text: stage.title }), " ",
    make("span", { class: "percent" }), " ",
    make("span", { class: "word" }));
}

function showStage(item, stage, status) {
  setData(item, "state", stage.state);
  if (stage.name === status.stage) item.setAttribute("aria-current", "step");
  else item.removeAttribute("aria-current");
  setText(item.querySelector(".word"), stageWords(stage));
  setText(item.querySelector(".percent"), stage.name === status.stage ? percent(status.progress) : "");
}

function showStages(status) {
  const list = byId("stages");
  for (const stage of status.stages) {
    const item = list.querySelector(`[data-stage="${CSS.escape(stage.name)}"]`) ?? list.appendChild(makeStage(stage));
    showStage(item, stage, status);
  }
}

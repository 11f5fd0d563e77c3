// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, times and states as words.

import { byId } from "./elements.js";

const words = (id) => new Map([...byId(id).children].map((item) => [item.dataset.state, item]));
const upgradeWords = words("upgrade-words");
const stageWords = words("stage-words");

export function upgradeWord(state) {
  const item = upgradeWords.get(state);
  return { headline: item?.textContent ?? state, tone: item?.dataset.tone ?? "quiet", advice: item?.dataset.advice ?? "" };
}

export const stageWord = (state) => stageWords.get(state)?.textContent ?? state;

const number = new Intl.NumberFormat("en");
export const count = (value) => number.format(value);

export function plural(value, one, many) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(amount) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  for (; amount >= 999.95 && step + 1 < units.length; step++) amount /= 1000;
  return `${step === 0 ? amount : amount.toFixed(1)} ${units[step]}`;
}

const amount = (value, unit) => (unit === "bytes" ? bytes(value) : `${count(value)} ${unit}`);

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function clock(iso) {
  return new Date(iso).toLocaleTimeString("en-GB");
}

export function moment(iso) {
  return new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

export function percent(progress) {
  if (!progress?.total) return "";
  return `${Math.min(100, Math.floor((progress.done * 100) / progress.total))} %`;
}

export function progressText(progress) {
  const parts = [];
  const { done, total, unit, rate_per_second: rate, eta_seconds: eta } = progress;
  if (total) parts.push(percent(progress), `${unit === "bytes" ? bytes(done) : count(done)} of ${amount(total, unit)}`);
  else if (done) parts.push(amount(done, unit));
  if (rate) parts.push(`${amount(rate, unit)}/s`);
  if (eta !== null && eta !== undefined) parts.push(`${duration(eta)} left`);
  return parts.join(" · ");
}

export function proof(verification) {
  switch (verification?.verdict) {
    case undefined:
      return "Not proven yet. That happens before Mautic 2's files are moved.";
    case "verified":
      return `Proven: ${plural(verification.tables, "table", "tables")} with ${plural(verification.rows, "row", "rows")} ` +
        "were restored from it and compared.";
    case "structure_only":
      return `Whole by its structure, but not restored to prove it: ${verification.why}`;
    default:
      return `Not what it should be: ${verification.why}`;
  }
}

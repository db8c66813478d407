/* Totals of the time window, and what was held back by which guard. */

import { get } from "./api.js";
import { byId, el, setChildren, setText } from "./element.js";
import { count, counted, duration, percent, reasonName, reasonWhy } from "./words.js";

const HAS_LEVEL = ["rate", "success", "explained"];
const tiles = new Map();
const bars = new Map();

/** Ask for the numbers of the time window and show them. */
export async function refreshStats(since) {
  const [stats, diagnosed] = await Promise.all([
    get("api/agent/auto-heal/stats", { since }),
    get("api/agent/diagnostics-completeness", { since }),
  ]);
  showTotals(stats, diagnosed);
  showSuppressions(stats.suppressed_by_reason);
  return stats;
}

function showTotals(stats, diagnosed) {
  const held = Object.values(stats.suppressed_by_reason).reduce((sum, each) => sum + each, 0);
  const open = stats.total_failed - stats.heals_created - held;
  const ended = stats.heal_success_rate ? Math.round(stats.heals_succeeded / stats.heal_success_rate) : 0;
  const missing = diagnosed.total_failed - diagnosed.with_diagnostics;
  const explained = diagnosed.total_failed ? diagnosed.with_diagnostics / diagnosed.total_failed : null;
  const { p50, p90 } = stats.mttr_seconds;
  tile("failures", "Failures", count(stats.total_failed), failuresNote(stats.total_failed, open));
  tile("rate", "Heal rate", rate(stats.total_failed, stats.heal_rate), `${counted(stats.heals_created, "heal")} requested`, stats.heal_rate);
  tile("held", "Held back", count(held), stats.total_failed ? `${percent(held / stats.total_failed)} of the failures` : "none");
  tile("success", "Heals that worked", rate(ended, stats.heal_success_rate), ended ? `${count(stats.heals_succeeded)} of ${count(ended)} that ended` : "none has ended yet", stats.heal_success_rate);
  tile("recovery", "Time to recovery", duration(p50), p90 === null ? "median" : `90 % within ${duration(p90)}`);
  tile("explained", "Explained", explained === null ? "–" : percent(explained), `${count(missing)} without diagnostics`, explained);
}

const rate = (of, share) => (of ? percent(share) : "–");

function failuresNote(failed, open) {
  if (!failed) return "none in this time";
  return open > 0 ? `${count(open)} being decided` : "each with its decision";
}

function tile(key, name, value, note, share = null) {
  if (!tiles.has(key)) tiles.set(key, newTile(key, name));
  const { number, said, level } = tiles.get(key);
  setText(number, value);
  setText(said, note);
  level?.style.setProperty("width", `${100 * (share ?? 0)}%`);
}

function newTile(key, name) {
  const number = el("dd", { class: "number" });
  const said = el("dd", { class: "note" });
  const level = HAS_LEVEL.includes(key) ? el("span", { class: "level" }) : null;
  const element = el("dl", { class: "tile", "data-tile": key }, el("dt", null, name), number, said);
  if (level) element.append(el("dd", { class: "track", "aria-hidden": "true" }, level));
  byId("totals").append(element);
  return { number, said, level };
}

function showSuppressions(byReason) {
  const reasons = Object.entries(byReason).sort(([, one], [, other]) => other - one);
  const total = reasons.reduce((sum, [, each]) => sum + each, 0);
  setText(byId("suppressions-note"), total ? counted(total, "failure") : "");
  setChildren(byId("suppression-rows"), reasons.length ? reasons.map((each) => bar(each, reasons[0][1], total)) : [nothing()]);
}

function bar([reason, number], largest, total) {
  if (!bars.has(reason)) bars.set(reason, newBar(reason));
  const { element, value, level } = bars.get(reason);
  setText(value, `${count(number)} · ${percent(number / total)}`);
  level.style.setProperty("width", `${(100 * number) / largest}%`);
  return element;
}

function newBar(reason) {
  const value = el("span", { class: "value" });
  const level = el("span", { class: "level" });
  const name = el("span", { class: "name" }, reasonName(reason));
  const track = el("span", { class: "track", "aria-hidden": "true" }, level);
  const why = el("span", { class: "note", title: reasonWhy(reason) }, reasonWhy(reason));
  return { element: el("li", { "data-reason": reason }, el("p", { class: "line" }, name, why, value), track), value, level };
}

const none = el("li", { class: "empty" }, "No heal was held back in this time.");
const nothing = () => none;

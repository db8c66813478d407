/* The newest failures with what was decided: first those that the tables have, then each decision as it is made. */

import { get } from "./api.js";
import { byId, el, setChildren, setText } from "./element.js";
import { makeOnlyStop, moveByArrows } from "./keys.js";
import { howToPublish } from "./publish.js";
import { categoryName, clock, counted, fullTime, reasonName } from "./words.js";

const MOST = 200;
const FIRST = 100;
const SHOW_MS = 250;
const LINK = "a.task";

const list = byId("feed-rows");
const pause = byId("feed-pause");
const entries = new Map(); // by failure id
let paused = false;
let shown = new Set();
let planned = null;

/** Ask for the newest failures and heals, and merge them with what is shown: also what was missed while away. */
export async function refreshFeed() {
  const [failures, heals] = await Promise.all([get("api/failures", { limit: FIRST }), get("api/heals", { limit: FIRST })]);
  const healOf = new Map(heals.items.map((heal) => [heal.failure_id, heal]));
  for (const failure of failures.items) put(failure.failure_id, ofFailure(failure, healOf.get(failure.failure_id)));
  showUnlessPaused();
}

/** Take an event of the stream: a decision is put on top, an outcome is written beside its heal. */
export function feedEvent(type, event) {
  if (type === "heal.requested" || type === "heal.suppressed") {
    put(event.data.failure_id, ofDecision(type, event));
  } else {
    for (const [id, entry] of entries) if (entry.heal === event.data.heal_task_id) put(id, { outcome: type.slice("heal.".length) });
  }
  planned ??= setTimeout(showUnlessPaused, SHOW_MS);
}

const ofFailure = (failure, heal) => ({
  at: failure.diagnosed_at, category: failure.error_category, summary: failure.error_summary, task: failure.task_id,
  idea: failure.idea_id, decision: failure.decision, reason: failure.suppression_reason, until: failure.retry_at,
  ...(failure.heal_task_id && { heal: failure.heal_task_id }),
  ...(heal && { attempt: heal.retry_count, executor: heal.executor_hint, heal: heal.heal_task_id, outcome: heal.outcome }),
});

const ofDecision = (type, { time, data }) => ({
  at: time, category: data.error_category, summary: data.error_summary, task: data.source_task_id, idea: data.idea_id,
  decision: type === "heal.requested" ? "requested" : "suppressed", reason: data.reason, until: data.retry_at,
  attempt: data.retry_count, executor: data.executor_hint, heal: data.heal_task_id,
});

function put(id, said) {
  const before = entries.get(id);
  const entry = { ...before };
  // The tables may be behind the stream: what they do not know yet takes nothing away.
  for (const [name, value] of Object.entries(said)) if (value !== null && value !== undefined) entry[name] = value;
  const same = before && Object.keys(entry).every((name) => entry[name] === before[name]);
  if (!same) entries.set(id, { ...entry, time: Date.parse(entry.at), row: null });
  if (entries.size > 2 * MOST) drop();
}

const newestFirst = () => [...entries].sort(([, one], [, other]) => other.time - one.time);

function drop() {
  for (const [id] of newestFirst().slice(MOST)) entries.delete(id);
}

function showUnlessPaused() {
  planned = null;
  if (!paused) return show();
  const waiting = [...entries.keys()].filter((id) => !shown.has(id)).length;
  if (waiting) setText(byId("feed-note"), `Paused, ${counted(waiting, "new decision")}`);
}

function show() {
  drop();
  const focused = document.activeElement?.closest("#feed-rows li")?.dataset.failure;
  const rows = newestFirst().map(([id, entry]) => (entry.row ??= row(id, entry)));
  setChildren(list, rows.length ? rows : [nothing()]);
  makeOnlyStop(list, LINK);
  if (focused && !list.contains(document.activeElement)) rows.find((each) => each.dataset.failure === focused)?.querySelector(LINK).focus();
  setText(byId("feed-note"), rows.length ? `last ${rows.length}` : "");
  shown = new Set(entries.keys());
}

function row(id, entry) {
  return el("li", { "data-failure": id, "data-category": entry.category, "data-decision": entry.decision ?? "pending" },
    el("time", { datetime: entry.at, title: fullTime(entry.at) }, clock(entry.at)),
    el("span", { class: "chip" }, el("span", { class: "dot", "aria-hidden": "true" }), categoryName(entry.category)),
    el("p", { class: "summary", title: entry.summary }, entry.summary),
    el("p", { class: "whose" }, el("a", { class: "task", href: `#task=${encodeURIComponent(entry.task)}` }, entry.task), entry.idea && ` · ${entry.idea}`),
    el("p", { class: "decision" }, decision(entry)));
}

function decision({ decision: decided, reason, until, attempt, executor, outcome }) {
  if (decided === "requested") {
    const how = [attempt && `attempt ${attempt}`, executor].filter(Boolean).join(" · ");
    return [el("strong", { class: `outcome ${outcome ?? "open"}` }, outcome ? `Heal ${outcome}` : "Heal requested"), el("span", null, how)];
  }
  if (decided === "suppressed") {
    return [el("strong", null, "No heal"), el("span", null, `${reasonName(reason)}${until ? ` until ${clock(until)}` : ""}`)];
  }
  return [el("strong", null, "Being decided"), el("span")];
}

const nothing = () => el("li", { class: "empty" }, el("p", null, "No failure yet. Publish one and watch it come in here:"), howToPublish());

pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  pause.textContent = paused ? "Go on" : "Pause";
  if (paused) setText(byId("feed-note"), "Paused");
  else show();
});
moveByArrows(list, LINK);

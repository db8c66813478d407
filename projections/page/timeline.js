/* What happened to one task, and why: a drawer that has its own address, #task=<id>. */

import { get } from "./api.js";
import { byId, el } from "./element.js";
import { output, showMark } from "./output.js";
import { categoryName, clock, duration, eventName, fullTime, plain } from "./words.js";

const AGAIN_MS = 1000;
const WORTH_A_LINE = ["error_category", "reason", "confidence", "exit_code", "signal", "executor", "executor_hint", "provider", "runner_id", "retry_count", "kind", "strategy_name", "heal_task_id", "max_runtime_seconds", "expires_at"];
const SAID_ELSEWHERE = ["task_id", "error_summary", "direction", "evidence"];

const drawer = byId("timeline");
const body = byId("timeline-body");
let shown = null;
let planned = null;

/** Open the timeline of a task. */
export function openTask(id) {
  location.hash = `task=${encodeURIComponent(id)}`;
}

/** Something was decided about this task: if it is the one that is shown, show that too. */
export function timelineEvent(id) {
  if (id === shown) planned ??= setTimeout(load, AGAIN_MS);
}

function followAddress() {
  const id = new URLSearchParams(location.hash.slice(1)).get("task");
  if (id === shown) return;
  shown = id;
  if (id === null) return drawer.close();
  byId("timeline-title").textContent = id;
  body.replaceChildren(el("p", { class: "note" }, "Loading"));
  if (!drawer.open) drawer.showModal();
  load();
}

async function load() {
  clearTimeout(planned);
  planned = null;
  const id = shown;
  if (id === null) return;
  try {
    const timeline = await get(`api/tasks/${encodeURIComponent(id)}/timeline`);
    if (id === shown) show(timeline);
  } catch (error) {
    if (id === shown) body.replaceChildren(el("p", { class: "empty" }, `${error.message}.`));
  }
}

function show({ task, events }) {
  const opened = new Set([...body.querySelectorAll("details[open]")].map((each) => each.dataset.of));
  const first = events.length ? Date.parse(events[0].logged_at) : null;
  const names = new Map(events.map((event) => [event.event_id, eventName(event.type)]));
  const decisive = new Map(events.filter((event) => event.why?.evidence?.length).map((event) => [event.causation_id, event.why.evidence[0].text]));
  body.replaceChildren(
    ...(task ? [about(task)] : []),
    el("ol", { class: "events" }, events.map((event) => eventItem(event, first, names, decisive.get(event.event_id)))),
  );
  for (const each of body.querySelectorAll("details")) each.open = opened.has(each.dataset.of);
  body.querySelectorAll("pre.folded").forEach(showMark);
}

function about(task) {
  const facts = [
    ["Idea", task.idea_name ? `${task.idea_name} (${task.idea_id})` : task.idea_id], ["Type", task.task_type], ["Provider", task.provider],
    ["Runner", task.runner_id], ["Heals", task.source_task_id && taskLink(task.source_task_id)],
    ["Last run", task.elapsed_ms === null ? null : duration(task.elapsed_ms / 1000)], ["Last event", moment(task.last_event_at)],
  ].filter(([, value]) => value);
  return el("div", { class: "about" },
    el("p", null, el("span", { class: "status", "data-status": task.status }, plain(task.status)), el("span", { class: "note" }, ` since ${clock(task.status_at)}`)),
    el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value)))),
    task.direction && folded("direction", "What it was asked to do", el("pre", { class: "output", tabindex: "0" }, task.direction)));
}

function eventItem(event, first, names, decisive) {
  const category = event.details.error_category;
  return el("li", { "data-type": event.type, "data-category": category, id: `event-${event.event_id}` },
    el("p", { class: "head" },
      el("strong", null, eventName(event.type)),
      category && el("span", { class: "chip" }, el("span", { class: "dot", "aria-hidden": "true" }), categoryName(category)),
      el("span", { class: "when" }, moment(event.logged_at), since(event, first))),
    el("p", { class: "reason" }, event.why ? reason(event.why) : gist(event.details)),
    event.output && output(event.output, event.highlights, decisive),
    event.type === "heal.requested" && folded(`direction ${event.event_id}`, "What the healer is told", el("pre", { class: "output", tabindex: "0" }, event.details.direction)),
    folded(event.event_id, "Details", details(event, names)));
}

/** Why it was decided so, and until when a cooldown stands in the way. */
function reason({ text, retry_at: again, cooldown_until: until }) {
  if (again) return `${text} Again from ${clock(again)}.`;
  return until ? `${text} Its scope cools down until ${clock(until)}.` : text;
}

/** Of an event that decides nothing, what people look for first. */
function gist({ error_summary: summary, task_type: type, provider, runner_id: runner, exit_code: code, elapsed_ms: elapsed }) {
  const exit = known(code) && `exit code ${code}`;
  const after = known(elapsed) && `after ${duration(elapsed / 1000)}`;
  return summary || [type, provider, runner, exit, after].filter(Boolean).join(" · ");
}

function details(event, names) {
  const rest = Object.keys(event.details).filter((name) => !WORTH_A_LINE.includes(name) && !SAID_ELSEWHERE.includes(name));
  const { topic, partition, offset } = event.record;
  const facts = [...WORTH_A_LINE, ...rest].filter((name) => known(event.details[name])).map((name) => [plain(name), value(name, event.details[name])]);
  const why = event.why?.evidence?.map(({ rule, text }) => [`Rule ${rule}`, text]) ?? [];
  facts.push(...why, ["In the log", `${topic}/${partition}@${offset}`], ["Event", event.event_id]);
  if (event.causation_id) facts.push(["Because of", names.has(event.causation_id) ? `${names.get(event.causation_id)} (${event.causation_id})` : event.causation_id]);
  return el("dl", { class: "facts" }, facts.map(([name, said]) => el("div", null, el("dt", null, name), el("dd", null, said))));
}

const known = (each) => each !== null && each !== undefined && each !== "";

function value(name, each) {
  if (name.endsWith("task_id")) return taskLink(String(each));
  return typeof each === "object" ? JSON.stringify(each) : String(each);
}

const taskLink = (id) => el("a", { href: `#task=${encodeURIComponent(id)}` }, id);

const moment = (at) => el("time", { datetime: at, title: fullTime(at) }, clock(at));

function since(event, first) {
  const seconds = (Date.parse(event.logged_at) - first) / 1000;
  return seconds > 0 ? ` · ${duration(seconds)} later` : "";
}

const folded = (key, name, content) => el("details", { "data-of": key }, el("summary", null, name), content);

function closed() {
  shown = null;
  if (location.hash) history.pushState(null, "", location.pathname + location.search);
}

byId("timeline-close").addEventListener("click", () => drawer.close());
drawer.addEventListener("click", (event) => event.target === drawer && drawer.close());
drawer.addEventListener("close", closed);
addEventListener("hashchange", followAddress);
addEventListener("popstate", followAddress);
followAddress();

/* Scopes that cool down: until when a failure of theirs gets no heal, running down each second. */

import { get } from "./api.js";
import { byId, el, setChildren, setText } from "./element.js";
import { categoryName, clock, countdown, counted, fullTime } from "./words.js";

const bars = new Map();
const none = el("li", { class: "empty" }, "Nothing cools down: the next failure of any kind gets its heal.");
let running = [];
let ahead = 0;

/** Ask which cooldowns are running, by the clock of the server. */
export async function refreshCooldowns() {
  const { items, now } = await get("api/cooldowns");
  ahead = Date.parse(now) - Date.now();
  running = items.map((item) => ({ ...item, from: Date.parse(item.requested_at), until: Date.parse(item.cooldown_until) }));
  for (const scope of bars.keys()) if (!items.some((item) => item.cooldown_scope === scope)) bars.delete(scope);
  tick();
}

function tick() {
  const now = Date.now() + ahead;
  running = running.filter((cooldown) => cooldown.until > now);
  setText(byId("cooldowns-note"), running.length ? `${counted(running.length, "scope")} cooling down` : "");
  setChildren(byId("cooldown-rows"), running.length ? running.map((cooldown) => bar(cooldown, now)) : [none]);
}

function bar(cooldown, now) {
  if (!bars.has(cooldown.cooldown_scope)) bars.set(cooldown.cooldown_scope, newBar(cooldown));
  const { element, left, level, until } = bars.get(cooldown.cooldown_scope);
  setText(left, countdown((cooldown.until - now) / 1000));
  setText(until, `until ${clock(cooldown.until)}`);
  until.setAttribute("title", fullTime(cooldown.until));
  level.style.setProperty("width", `${Math.min(100, (100 * (cooldown.until - now)) / Math.max(1, cooldown.until - cooldown.from))}%`);
  return element;
}

function newBar({ cooldown_scope: scope, error_category: category }) {
  const left = el("span", { class: "value", role: "timer", "aria-live": "off" });
  const level = el("span", { class: "level" });
  const until = el("span", { class: "note" });
  const finer = scope.startsWith(category) ? scope.slice(category.length).replace(/^[+:/| ]+/, "") : scope;
  const element = el("li", { "data-category": category, "data-scope": scope },
    el("p", { class: "line" }, el("span", { class: "dot", "aria-hidden": "true" }), el("span", { class: "name" }, categoryName(category)),
      finer && el("span", { class: "note", title: finer }, finer), until, left),
    el("span", { class: "track", "aria-hidden": "true" }, level));
  return { element, left, level, until };
}

setInterval(() => document.hidden || tick(), 1000);

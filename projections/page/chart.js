/* Failures per hour and category, as stacked bars; the arrow keys go through the hours and say each. */

import { get } from "./api.js";
import { byId, el, setChildren, setText, svg } from "./element.js";
import { CATEGORIES, categoryName, count, counted, percent } from "./words.js";

const HOUR_MS = 3_600_000;
const HEIGHT = 190;
const MARGIN = { top: 10, right: 6, bottom: 24, left: 44 };
const HOURS = { "24h": 24, "7d": 168 };

const plot = byId("plot");
const tip = el("div", { class: "tip", hidden: true });
let hours = [];
let chosen = null;

/** Ask for the hours of the time window and draw them; the stats give the sums of the legend. */
export async function refreshChart(since) {
  const { items } = await get("api/failures/hourly", { since });
  hours = everyHour(items, HOURS[since], Date.now());
  if (chosen !== null && chosen >= hours.length) chosen = null;
  draw();
}

/** Show what each category came to. */
export function showLegend(stats) {
  setChildren(byId("legend"), CATEGORIES.map((category) => {
    const { failed, healed } = stats.by_category[category];
    const said = failed ? `${count(failed)} · ${percent(healed / failed)} healed` : "none";
    return el("li", { "data-category": category },
      el("span", { class: "dot", "aria-hidden": "true" }), el("span", { class: "name" }, categoryName(category)),
      el("span", { class: "note" }, said));
  }));
}

/** Hours without failures are hours too: one entry each, oldest first, up to the hour that is running. */
function everyHour(items, length, now) {
  const last = Math.floor(now / HOUR_MS) * HOUR_MS;
  const found = Array.from({ length }, (_, index) => ({ start: last - (length - 1 - index) * HOUR_MS, failed: {}, total: 0, healed: 0 }));
  for (const item of items) {
    const hour = found[length - 1 - Math.round((last - Date.parse(item.hour)) / HOUR_MS)];
    if (!hour) continue;
    hour.failed[item.error_category] = item.failed;
    hour.total += item.failed;
    hour.healed += item.healed;
  }
  return found;
}

function draw() {
  const width = plot.clientWidth;
  if (!width || !hours.length) return;
  const top = niceTop(Math.max(4, ...hours.map((hour) => hour.total)));
  const y = (value) => MARGIN.top + (HEIGHT - MARGIN.top - MARGIN.bottom) * (1 - value / top);
  const step = (width - MARGIN.left - MARGIN.right) / hours.length;
  const x = (index) => MARGIN.left + index * step;
  const bars = hours.map((hour, index) => column(hour, index, x(index), step, y));
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true" },
    lines(top, y, width), hourLabels(x, step), bars, marker(x, step));
  drawing.addEventListener("pointermove", (event) => choose(Math.floor((event.offsetX - MARGIN.left) / step)));
  plot.replaceChildren(drawing, tip);
  const sum = hours.reduce((all, hour) => all + hour.total, 0);
  setText(byId("chart-note"), sum ? "" : "none in this time");
  plot.setAttribute("aria-label", `${counted(sum, "failure")} in ${hours.length} hours; use the left and right arrow keys to hear each hour`);
  placeTip(x, step, width);
}

function column(hour, index, left, step, y) {
  const gap = step > 12 ? 3 : 1;
  let below = 0;
  const parts = [];
  for (const category of CATEGORIES) {
    const failed = hour.failed[category];
    if (!failed) continue;
    const [from, to] = [y(below), y(below + failed)];
    below += failed;
    parts.push(svg("rect", { x: left + gap / 2, y: to, width: Math.max(1, step - gap), height: Math.max(0.5, from - to - (from - to > 3 ? 1 : 0)), "data-category": category }));
  }
  return svg("g", { class: "column", "data-hour": index }, parts);
}

function lines(top, y, width) {
  return [0, top / 2, top].map((value) => svg("g", { class: "line" },
    svg("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }),
    svg("text", { x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, short(value))));
}

function hourLabels(x, step) {
  const byDay = hours.length > 48;
  const every = step * 3 < 46 ? 6 : 3;
  return hours.map((hour, index) => {
    const at = new Date(hour.start);
    if (byDay ? at.getHours() !== 0 : at.getHours() % every !== 0) return null;
    const text = byDay ? at.toLocaleDateString("en-GB", { weekday: "short", day: "numeric" }) : clockHour(at);
    const fits = x(index) + (byDay ? 40 : 18) < plot.clientWidth;
    return fits && svg("text", { class: "hour", x: byDay ? x(index) : x(index) + step / 2, y: HEIGHT - 6, "text-anchor": byDay ? "start" : "middle" }, text);
  });
}

function marker(x, step) {
  return svg("rect", { class: "marker", x: chosen === null ? 0 : x(chosen), y: MARGIN.top, width: chosen === null ? 0 : step, height: HEIGHT - MARGIN.top - MARGIN.bottom });
}

function choose(index) {
  const next = index >= 0 && index < hours.length ? index : null;
  if (next === chosen) return;
  chosen = next;
  draw();
}

function placeTip(x, step, width) {
  tip.hidden = chosen === null;
  if (chosen === null) return;
  const hour = hours[chosen];
  const rows = CATEGORIES.filter((category) => hour.failed[category]).map((category) => el("li", { "data-category": category },
    el("span", { class: "dot" }), el("span", { class: "name" }, categoryName(category)), el("span", { class: "value" }, count(hour.failed[category]))));
  tip.replaceChildren(el("p", null, el("strong", null, span(hour))), el("p", { class: "note" }, said(hour)), el("ul", null, rows));
  const middle = x(chosen) + step / 2;
  tip.style.setProperty("left", `${Math.min(Math.max(middle - 105, 4), width - 218)}px`);
}

const clockHour = (date) => date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

function span(hour) {
  const [from, to] = [new Date(hour.start), new Date(hour.start + HOUR_MS)];
  const day = hours.length > 48 ? `${from.toLocaleDateString("en-GB", { weekday: "short", day: "numeric" })} ` : "";
  return `${day}${clockHour(from)}–${clockHour(to)}`;
}

const said = (hour) => (hour.total ? `${counted(hour.total, "failure")}, ${percent(hour.healed / hour.total)} healed` : "no failures");

const short = (value) => (value >= 10_000 ? `${value / 1000}k` : count(value));

/** The next round number of which the half is a good line as well. */
function niceTop(value) {
  const scale = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 3, 4, 6, 8, 10].map((step) => Math.round(step * scale)).find((step) => step >= value && step % 2 === 0);
}

plot.addEventListener("pointerleave", () => choose(-1));
plot.addEventListener("blur", () => choose(-1));
plot.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: -1, ArrowRight: 1 };
  const to = { Home: 0, End: hours.length - 1, Escape: -1 }[event.key]
    ?? (event.key in steps ? Math.min(Math.max((chosen ?? hours.length) + steps[event.key], 0), hours.length - 1) : null);
  if (to === null) return;
  event.preventDefault();
  choose(to);
  byId("plot-said").textContent = chosen === null ? "" : inWords(hours[chosen]);
});
new ResizeObserver(draw).observe(plot);

const inWords = (hour) => [`${span(hour)}: ${said(hour)}`, ...CATEGORIES.filter((category) => hour.failed[category])
  .map((category) => `${categoryName(category)} ${count(hour.failed[category])}`)].join(", ");

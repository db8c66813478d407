/* The page: what is asked when. Each part has its own module; what they share is the time window and this rhythm. */

import { ApiError, get } from "./api.js";
import { refreshChart, showLegend } from "./chart.js";
import { statusIs, streamIs } from "./connection.js";
import { refreshCooldowns } from "./cooldowns.js";
import { refreshDeadLetters } from "./dead-letters.js";
import { byId, el } from "./element.js";
import { feedEvent, refreshFeed } from "./feed.js";
import "./search.js";
import { refreshStats } from "./stats.js";
import { follow } from "./stream.js";
import { timelineEvent } from "./timeline.js";

const STATUS_MS = 3000;
const QUIET_MS = 15_000; // without news the numbers are asked for again: the time window moves on
const NEWS_MS = 2000; // with news, at most this often
const SETTLE_MS = 400; // the tables follow the stream a moment later

const since = () => document.querySelector("#since input:checked").value;

const NUMBERS = {
  totals: async () => showLegend(await refreshStats(since())),
  chart: () => refreshChart(since()),
  cooldowns: refreshCooldowns,
  "dead-letters": refreshDeadLetters,
};

let asked = 0;
let planned = null;
let running = false;
let again = false;
let projectedAt = null;
let answers = false;
let polling = false;

/** Ask for the numbers again, soon; many calls make one. */
function refreshSoon() {
  planned ??= setTimeout(() => {
    planned = null;
    refresh();
  }, Math.max(SETTLE_MS, asked + NEWS_MS - Date.now()));
}

async function refresh() {
  again = running;
  if (running) return;
  running = true;
  asked = Date.now();
  await Promise.all(Object.entries(NUMBERS).map(([id, load]) => refreshPanel(id, load)));
  running = false;
  if (again) refreshSoon();
}

async function refreshPanel(id, load) {
  const panel = byId(id);
  try {
    await load();
    panel.querySelector(":scope > .failed")?.remove();
    panel.dataset.filled = "";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 0) return; // the banner says it
    if (!panel.querySelector(":scope > .failed")) panel.append(el("p", { class: "failed", role: "alert" }));
    panel.querySelector(":scope > .failed").textContent = error.message;
  }
}

const refreshFeedPanel = () => refreshPanel("feed", refreshFeed);

async function poll() {
  if (document.hidden || polling) return;
  polling = true;
  const status = await get("api/status").catch((error) => (error.status === 503 ? { database: false } : null));
  polling = false;
  statusIs(status);
  const back = status !== null && !answers;
  const quiet = Date.now() - asked > QUIET_MS;
  const news = status !== null && status.projected_at !== projectedAt;
  answers = status !== null;
  projectedAt = status?.projected_at ?? projectedAt;
  if (back) refresh();
  else if (answers && (news || quiet)) refreshSoon();
  if (answers && quiet) refreshFeedPanel();
}

follow((type, event) => {
  feedEvent(type, event);
  timelineEvent(event.data.source_task_id);
  refreshSoon();
}, (state) => {
  streamIs(state);
  if (state !== "open") return;
  refreshFeedPanel();
  setTimeout(refreshFeedPanel, NEWS_MS); // what came before the API had found the end of the log
}, poll);
byId("since").addEventListener("change", refresh);
document.addEventListener("visibilitychange", poll);
setInterval(poll, STATUS_MS);
poll();

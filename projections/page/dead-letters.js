/* Records that nobody could process: what is wrong with each, and a way to send it back for another try. */

import { get, post } from "./api.js";
import { mutationsNeedToken } from "./connection.js";
import { byId, el, setChildren, setText } from "./element.js";
import { clock, fullTime } from "./words.js";

const MOST = 50;
const rows = new Map();
const none = el("li", { class: "empty" }, "None: every record could be processed.");

/** Ask for the newest dead letters and show them. */
export async function refreshDeadLetters() {
  const { items, next } = await get("api/dead-letters", { limit: MOST });
  const ids = new Set(items.map((letter) => letter.event_id));
  for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
  setText(byId("dead-letters-note"), items.length ? `${items.length}${next ? " newest" : ""}` : "");
  setChildren(byId("dead-letter-rows"), items.length ? items.map(row) : [none]);
}

function row(letter) {
  if (!rows.has(letter.event_id)) rows.set(letter.event_id, newRow(letter));
  const { element, said } = rows.get(letter.event_id);
  if (letter.redriven_at) setText(said, `Sent again ${clock(letter.redriven_at)}`);
  return element;
}

function newRow(letter) {
  const said = el("span", { class: "note", role: "status" });
  const send = el("button", { class: "quiet", type: "button", "aria-label": `Send again: ${where(letter)}` }, "Send again");
  send.addEventListener("click", () => redrive(letter, send, said));
  const content = [el("pre", { class: "output", tabindex: "0" }, letter.raw || "(empty)"), letter.raw_truncated && el("p", { class: "note" }, "Not all of it is kept here.")];
  const element = el("li", { "data-letter": letter.event_id },
    el("p", { class: "reason" }, letter.reason),
    el("p", { class: "where note" }, el("time", { datetime: letter.dead_lettered_at, title: fullTime(letter.dead_lettered_at) }, clock(letter.dead_lettered_at)), ` · ${letter.agent} · ${where(letter)}`),
    el("div", { class: "actions" },
      el("details", null, el("summary", null, "The record"), content, letter.traceback && el("pre", { class: "output", tabindex: "0" }, letter.traceback)),
      said, send));
  return { element, said };
}

const where = (letter) => `${letter.record_topic}/${letter.record_partition}@${letter.record_offset}`;

async function redrive(letter, send, said) {
  send.disabled = true;
  said.textContent = "Sending";
  try {
    const answer = await post(`api/dead-letters/${encodeURIComponent(letter.event_id)}/redrive`, mutationsNeedToken());
    said.textContent = answer ? `Sent again as ${answer.topic}/${answer.partition}@${answer.offset}` : "";
  } catch (error) {
    said.textContent = error.message;
  }
  send.disabled = false;
}

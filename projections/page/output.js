/* What a task printed, with the words of it that made the diagnosis. */

import { el } from "./element.js";
import { count } from "./words.js";

const LONG = 14;

/** The output with its evidence marked, most of all the words that decided; a long one is folded, and shows those. */
export function output(text, highlights, decisive) {
  const pre = el("pre", { class: "output", tabindex: "0", "aria-label": "Output of the task" }, marked(text, highlights));
  const marks = [...pre.querySelectorAll("mark")];
  if (decisive) marks.find((mark) => mark.textContent.includes(decisive))?.classList.add("decisive");
  const lines = text.split("\n").length;
  if (lines <= LONG) return pre;
  pre.classList.add("folded");
  const more = el("button", { class: "quiet", type: "button", "aria-expanded": "false" }, `Show all ${count(lines)} lines`);
  more.addEventListener("click", () => {
    const folded = pre.classList.toggle("folded");
    more.setAttribute("aria-expanded", String(!folded));
    more.textContent = folded ? `Show all ${count(lines)} lines` : "Show less";
    if (folded) showMark(pre);
  });
  return el("div", null, pre, more);
}

/** Scroll a folded output to what decided; it has to be on the page. */
export function showMark(pre) {
  const mark = pre.querySelector("mark.decisive") ?? pre.querySelector("mark");
  if (mark) pre.scrollTop = mark.offsetTop - pre.clientHeight / 2;
}

/** Text nodes and marks. The ranges count characters; a character outside of the BMP is two of JavaScript's. */
function marked(text, highlights) {
  const characters = /[\ud800-\udfff]/.test(text) ? [...text] : null;
  const cut = (from, to) => (characters ? characters.slice(from, to).join("") : text.slice(from, to));
  const parts = [];
  let at = 0;
  for (const [start, end] of [...highlights].sort(([one], [other]) => one - other)) {
    if (end <= at) continue;
    parts.push(cut(at, Math.max(at, start)), el("mark", null, cut(Math.max(at, start), end)));
    at = end;
  }
  return [...parts, cut(at)];
}

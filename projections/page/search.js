/* Find a task by the beginning of its id or of its idea's. */

import { get } from "./api.js";
import { byId, el } from "./element.js";
import { isTyping } from "./keys.js";
import { openTask } from "./timeline.js";
import { clock, plain } from "./words.js";

const WAIT_MS = 150;
const MOST = 12;

const field = byId("search");
const box = byId("found-box");
const list = byId("found");
const note = byId("found-note");
let tasks = [];
let chosen = -1;
let planned = null;
let asked = 0;

async function find() {
  const q = field.value.trim();
  const question = (asked += 1);
  if (!q) return close();
  try {
    const { items } = await get("api/tasks", { q, limit: MOST });
    if (question === asked) show(items, items.length ? "" : `No task and no idea begins with “${q}”.`);
  } catch (error) {
    if (question === asked) show([], error.message);
  }
}

function show(found, said) {
  tasks = found;
  list.replaceChildren(...tasks.map(option));
  note.textContent = said;
  box.hidden = false;
  field.setAttribute("aria-expanded", "true");
  choose(tasks.length ? 0 : -1);
}

function option(task, index) {
  return el("li", { role: "option", id: `found-${index}`, "aria-selected": "false", pointerdown: (event) => event.preventDefault(), click: () => open(index) },
    el("span", { class: "id" }, task.task_id), el("span", { class: "status", "data-status": task.status }, plain(task.status)),
    el("span", { class: "note" }, [task.idea_name ?? task.idea_id, task.task_type, clock(task.last_event_at)].filter(Boolean).join(" · ")));
}

function choose(index) {
  chosen = index;
  [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
  list.children[index]?.scrollIntoView({ block: "nearest" });
  if (index < 0) field.removeAttribute("aria-activedescendant");
  else field.setAttribute("aria-activedescendant", `found-${index}`);
}

function open(index) {
  const { task_id: id } = tasks[index];
  close();
  field.value = "";
  openTask(id);
}

function close() {
  asked += 1;
  clearTimeout(planned);
  tasks = [];
  list.replaceChildren();
  box.hidden = true;
  field.setAttribute("aria-expanded", "false");
  choose(-1);
}

field.addEventListener("input", () => {
  clearTimeout(planned);
  planned = setTimeout(find, WAIT_MS);
});
field.addEventListener("keydown", (event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps && tasks.length) choose((chosen + steps[event.key] + tasks.length) % tasks.length);
  else if (event.key === "Enter" && chosen >= 0) open(chosen);
  else if (event.key === "Escape" && !box.hidden) close();
  else return;
  event.preventDefault();
});
field.addEventListener("blur", close);
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || isTyping() || event.ctrlKey || event.metaKey || event.altKey || byId("token").open) return;
  event.preventDefault();
  byId("timeline").close();
  field.focus();
  field.select();
});

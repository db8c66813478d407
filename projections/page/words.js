/* What people read: names of what the events name, numbers and times. */

/** The five categories in the order in which they are stacked. */
export const CATEGORIES = ["timeout", "executor_crash", "provider_error", "validation_failure", "unknown"];

const CATEGORY_NAMES = {
  timeout: "Timeout",
  executor_crash: "Executor crash",
  provider_error: "Provider error",
  validation_failure: "Validation failure",
  unknown: "Unknown",
};

const REASONS = {
  cooldown: ["Cooling down", "healed just now"],
  already_healing: ["Already healing", "a heal is under way"],
  retries_exhausted: ["Attempts used up", "no heal is left"],
  needs_attention: ["Needs a person", "the idea is flagged"],
  resuming: ["Resuming", "the task goes on by itself"],
  halted: ["Halted", "operations are frozen"],
};

const EVENTS = {
  "task.created": "Created",
  "task.started": "Started",
  "task.progressed": "Progressed",
  "task.completed": "Completed",
  "task.failed": "Failed",
  "task.timed_out": "Timed out",
  "task.decision_needed": "Decision needed",
  "task.deadline_extended": "Deadline extended",
  "task.duplicate_detected": "Duplicate",
  "task.requested": "Task requested",
  "failure.diagnosed": "Diagnosed",
  "heal.requested": "Heal requested",
  "heal.suppressed": "No heal",
  "heal.succeeded": "Heal succeeded",
  "heal.failed": "Heal failed",
  "heal.expired": "Heal expired",
};

/** The name of a category. */
export const categoryName = (category) => CATEGORY_NAMES[category] ?? category;

/** The name of a guard that held a heal back. */
export const reasonName = (reason) => REASONS[reason]?.[0] ?? plain(reason);

/** Why that guard holds, in a few words. */
export const reasonWhy = (reason) => REASONS[reason]?.[1] ?? "";

/** The name of a short event type, such as task.failed. */
export const eventName = (type) => EVENTS[type] ?? plain(type.replace(".", " "));

/** A snake_case name as words. */
export const plain = (name) => name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());

const WHOLE = new Intl.NumberFormat("en");
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY_CLOCK = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

/** A count with its thousands apart. */
export const count = (number) => WHOLE.format(number);

/** A count of things: `1 heal`, `2 heals`. */
export const counted = (number, thing) => `${count(number)} ${thing}${number === 1 ? "" : "s"}`;

/** A share of 0..1 as per cent: never 100 % nor 0 % unless it is. */
export function percent(share) {
  const rounded = Math.round(share * 100);
  const cut = share < 1 && rounded === 100 ? Math.floor(share * 1000) / 10 : share > 0 && rounded === 0 ? "<1" : rounded;
  return `${cut} %`;
}

/** A duration in seconds in its two largest units. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

/** Seconds that run down, as on a clock: 4:07 or 1:02:30. */
export function countdown(seconds) {
  const whole = Math.ceil(Math.max(0, seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** The moment on the clock, with the day unless it is today. */
export function clock(moment) {
  const date = new Date(moment);
  return (date.toDateString() === new Date().toDateString() ? CLOCK : DAY_CLOCK).format(date);
}

/** The moment in full. */
export const fullTime = (moment) => FULL.format(new Date(moment));

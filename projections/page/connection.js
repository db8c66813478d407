/* Whether what the page shows is live, and what to do when it is not. */

import { byId, el, setText } from "./element.js";
import { clock, count } from "./words.js";

const BEHIND = 100;
const WHAT_TO_DO = {
  "api-away": ["The API does not answer.", "Is it running? Start it with", "autoheal api"],
  "database-away": ["The database does not answer.", "Look at AUTOHEAL_DATABASE_URL, and at its server. What the API needs is in", "/readyz"],
  "broker-away": ["The broker is away.", "Nothing new can be published or decided. Look at AUTOHEAL_BOOTSTRAP_SERVERS, and at the broker; locally it runs with", "autoheal dev"],
};
const NAMES = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  "api-away": "API away",
  "database-away": "Database away",
  "broker-away": "Broker away",
};

const known = { status: null, away: false, stream: "connecting", wasLive: false, asOf: null };

/** The answer of /api/status, or null when there was none. */
export function statusIs(status) {
  known.status = status ?? known.status;
  known.away = status === null;
  show();
}

/** The state of the stream: connecting or open. */
export function streamIs(state) {
  known.stream = state;
  show();
}

/** Tell whether whatever changes something needs the token. */
export const mutationsNeedToken = () => known.status?.mutations_need_token ?? false;

function stateNow() {
  if (known.away) return "api-away";
  if (!known.status) return "connecting";
  if (!known.status.database) return "database-away";
  if (!known.status.broker) return "broker-away";
  if (known.stream === "open") return "live";
  return known.wasLive ? "reconnecting" : "connecting";
}

function show() {
  const state = stateNow();
  if (state === "live") Object.assign(known, { wasLive: true, asOf: Date.now() });
  document.body.dataset.state = state;
  byId("state").dataset.state = state;
  const behind = state === "live" && known.status.lag_records > BEHIND;
  setText(byId("state-text"), behind ? `Live, ${count(known.status.lag_records)} records behind` : NAMES[state]);
  showBanner(state);
}

function showBanner(state) {
  const banner = byId("banner");
  if (banner.dataset.state === state) return;
  banner.dataset.state = state;
  banner.hidden = !(state in WHAT_TO_DO);
  if (banner.hidden) return banner.replaceChildren();
  const [what, hint, command] = WHAT_TO_DO[state];
  const asOf = known.asOf ? `The numbers below are those of ${clock(known.asOf)}. ` : "";
  banner.replaceChildren(el("strong", null, what), ` ${hint} `, el("code", null, command), `. ${asOf}This page goes on by itself.`);
}

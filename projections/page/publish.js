/* What to type when there is nothing to show yet. */

import { el } from "./element.js";
import { mutationsNeedToken } from "./connection.js";

const EVENT = {
  specversion: "1.0",
  id: "1",
  source: "/me",
  type: "autoheal.task.failed.v1",
  data: { task_id: "task-1", output: "HTTP 429 Too Many Requests", exit_code: 1 },
};

/** The line that publishes a failure to this very API, with a button that copies it. */
export function howToPublish() {
  const token = mutationsNeedToken() ? ' -H "Authorization: Bearer $AUTOHEAL_API_TOKEN"' : "";
  const line = `curl ${new URL("api/events", document.baseURI)} -H "Content-Type: application/json"${token} -d '${JSON.stringify(EVENT)}'`;
  const copy = el("button", { class: "quiet", type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(line);
    copy.textContent = "Copied";
  });
  return el("div", { class: "publish" }, el("pre", { tabindex: "0" }, line), copy);
}

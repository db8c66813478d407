/* The token for what changes state: asked for once, kept until the tab is closed. */

import { byId } from "./element.js";

const KEY = "autoheal-token";

/** The token that was given in this tab, or null. */
export const knownToken = () => sessionStorage.getItem(KEY);

/** Forget it: it was refused. */
export const forgetToken = () => sessionStorage.removeItem(KEY);

byId("token-cancel").addEventListener("click", () => byId("token").close());

/** Ask for the token, with what was wrong with the last one; null when the dialog was left without. */
export function askToken(wrong) {
  const dialog = byId("token");
  const field = byId("token-value");
  byId("token-wrong").textContent = wrong;
  field.value = "";
  dialog.returnValue = "cancel";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const token = dialog.returnValue === "send" ? field.value : null;
      field.value = "";
      if (token) sessionStorage.setItem(KEY, token);
      resolve(token);
    }, { once: true });
  });
}

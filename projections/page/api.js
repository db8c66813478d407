/* The API, as this page calls it. */

import { askToken, forgetToken, knownToken } from "./token.js";

const TIMEOUT_MS = 10_000;

/** The API refused or did not answer (status 0); the message says what to do. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Ask for a resource; parameters without a value are left out. */
export function get(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return call(given.length ? `${path}?${new URLSearchParams(given)}` : path, {});
}

/** Change something; asks for the token where one is needed, and gives null when the person thinks better of it. */
export async function post(path, needsToken) {
  let wrong = "";
  for (;;) {
    const token = knownToken() ?? (needsToken ? await askToken(wrong) : "");
    if (token === null) return null;
    try {
      return await call(path, { method: "POST", headers: token ? { Authorization: `Bearer ${token}` } : {} });
    } catch (error) {
      if (error.status !== 401) throw error;
      forgetToken();
      needsToken = true;
      wrong = token ? "That token was refused." : "";
    }
  }
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new ApiError(0, "The API does not answer");
  }
  if (response.ok) return response.json();
  const detail = await response.json().then((body) => body.detail, () => null);
  throw new ApiError(response.status, typeof detail === "string" ? detail : `The API answered ${response.status}`);
}

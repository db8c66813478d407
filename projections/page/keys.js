/* Lists that are one stop of the Tab key: the arrow keys move inside. */

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** Let the arrow keys, Home and End move among the elements of the list that match the selector. */
export function moveByArrows(list, selector) {
  list.addEventListener("keydown", (event) => {
    const items = [...list.querySelectorAll(selector)];
    const at = items.indexOf(event.target.closest(selector));
    if (at < 0) return;
    const to = { Home: 0, End: items.length - 1 }[event.key] ?? at + (STEPS[event.key] ?? 0);
    if (to === at || !items[to]) return;
    event.preventDefault();
    items[to].focus();
  });
  list.addEventListener("focusin", (event) => {
    const item = event.target.closest(selector);
    if (item) makeOnlyStop(list, selector, item);
  });
}

/** Keep exactly one of the list's items reachable by Tab: the one given, the one that was, or the first. */
export function makeOnlyStop(list, selector, chosen = null) {
  const items = [...list.querySelectorAll(selector)];
  const stop = chosen ?? items.find((item) => item.tabIndex === 0) ?? items[0];
  for (const item of items) item.tabIndex = item === stop ? 0 : -1;
}

/** Tell whether the person is typing, so that a letter is no command. */
export const isTyping = () => document.activeElement?.matches("input:not([type=radio]), textarea, select") ?? false;

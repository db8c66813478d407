/* The decisions as they are made: GET /api/heals/stream, which goes on where it stopped by itself.
 *
 * A hidden tab gives its connection back: a browser has six to a host, and six open tabs would block each other.
 */

const DECISIONS = ["heal.requested", "heal.suppressed", "heal.succeeded", "heal.failed", "heal.expired"];
const AGAIN_MS = 3000;

/** Follow the stream for as long as the page is seen.
 *
 * `onEvent(type, cloudEvent)` takes each event, `onState(state)` takes `connecting` or `open`, and `onBrokerAway()` is
 * called when the API has lost the broker; the stream itself stays, and says nothing when it is back.
 */
export function follow(onEvent, onState, onBrokerAway) {
  let source = null;
  let again = null;

  const open = () => {
    clearTimeout(again);
    source?.close();
    onState("connecting");
    source = new EventSource("api/heals/stream");
    source.addEventListener("open", () => onState("open"));
    source.addEventListener("broker-away", onBrokerAway);
    for (const type of DECISIONS) {
      source.addEventListener(type, (message) => onEvent(type, JSON.parse(message.data)));
    }
    source.addEventListener("error", () => {
      onState("connecting");
      // What was refused, and not just cut, the browser does not try again.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN_MS);
    });
  };

  const openWhenSeen = () => {
    if (!document.hidden) return open();
    clearTimeout(again);
    source?.close();
  };
  document.addEventListener("visibilitychange", openWhenSeen);
  openWhenSeen();
}

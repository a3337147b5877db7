/** `traceparent` of W3C Trace Context, version 00. */
export const TRACEPARENT_PATTERN = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const NO_TRACE = "0".repeat(32);

/**
 * The user property `traceparent` of a message (`mqtt.md`, Versions). Everything about one scan is one trace, whose id is the
 * scan's; the span is the event's: a message that is sent again says the same.
 * @param trace uuid of the scan, or of the event where it is about none.
 * @param span uuid of the event.
 */
export function traceparentOf(trace: string, span: string): string {
  return `00-${hexOf(trace)}-${hexOf(span).slice(0, 16)}-01`;
}

/** The same trace as `traceparent`, which somebody else sent, with a span of our own; null where it is none. */
export function continuedTrace(traceparent: string | undefined, span: string): string | null {
  const trace = TRACEPARENT_PATTERN.exec(traceparent ?? "")?.[1];
  return trace === undefined || trace === NO_TRACE ? null : traceparentOf(trace, span);
}

function hexOf(uuid: string): string {
  return uuid.replaceAll("-", "").toLowerCase();
}

import { LynceusError } from "../errors.ts";
import { MAX_DECLARATION_BYTES, MAX_EVENT_BYTES } from "./limits.ts";
import type { EventName } from "./payloads.ts";

/** Writing events: without the schemas, so that the journal's worker starts quickly. Reading and checking is `envelope.ts`. */

/** Content type of every JSON message. */
export const EVENT_CONTENT_TYPE = "application/cloudevents+json; charset=utf-8";
/** `source` of what central sends. */
export const CENTRAL_SOURCE = "/central";
/** `type` of an event, e.g. `org.lynceus.hit.v1`. */
export function eventType(name: EventName): `org.lynceus.${EventName}.v1` {
  return `org.lynceus.${name}.v1`;
}

/** `dataschema` of an event, e.g. `urn:lynceus:schema:hit:1.0`; a declaration's is the format's own. */
export function dataSchemaUrn(name: EventName): string {
  return `urn:lynceus:schema:${name === "declaration" ? "customs-aed" : name}:1.0`;
}

export interface EventInput<Data = unknown> {
  readonly name: EventName;
  readonly id: string;
  readonly source: string;
  readonly subject?: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly time: string;
  readonly data: Data;
  /** Not the first try of this id. Everything else of the bytes stays the same. */
  readonly resent?: boolean;
  readonly traceparent?: string;
}

/** `source` upward: `/{site}/{gateway}` or `/{site}/{gateway}/{lane}`. */
export function gatewaySource(site: string, gateway: string, lane?: string): string {
  return lane === undefined ? `/${site}/${gateway}` : `/${site}/${gateway}/${lane}`;
}

/** The largest event of a name, bytes. */
export function maxEventBytes(name: EventName): number {
  return name === "declaration" ? MAX_DECLARATION_BYTES : MAX_EVENT_BYTES;
}

/** The error of a message over its limit. */
export function tooLarge(what: string, size: number, limit: number): LynceusError {
  return new LynceusError("LYN_MESSAGE_TOO_LARGE", `${what} of ${size} bytes is over ${limit}`, {
    remedy: "Cut its lists as mqtt.md says and name them in truncated; central cuts items of a declaration",
    details: { size, limit },
  });
}

/**
 * Encodes an event without looking at its data: for rows that are stored already, whose data must not change.
 * @throws LynceusError `LYN_MESSAGE_TOO_LARGE` over 64 KiB (declarations 256 KiB).
 */
export function encodeEvent(event: EventInput): Uint8Array {
  const bytes = new TextEncoder().encode(
    JSON.stringify({
      specversion: "1.0",
      id: event.id,
      source: event.source,
      type: eventType(event.name),
      ...(event.subject === undefined ? {} : { subject: event.subject }),
      time: event.time,
      datacontenttype: "application/json",
      dataschema: dataSchemaUrn(event.name),
      ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
      ...(event.resent === true ? { resent: true } : {}),
      data: event.data,
    }),
  );
  const limit = maxEventBytes(event.name);
  if (bytes.length > limit) throw tooLarge(`A ${event.name} event`, bytes.length, limit);
  return bytes;
}

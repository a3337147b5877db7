import { z } from "zod";
import { LynceusError } from "../errors.ts";
import { issuePointer } from "../schema-issue.ts";
import { timestamp, timestampMs } from "./common.ts";
import { type EventInput, encodeEvent, eventType, maxEventBytes, tooLarge } from "./encode-event.ts";
import { MAX_DECLARATION_BYTES } from "./limits.ts";
import { EVENT_NAMES, EVENT_SCHEMAS, type EventData, type EventName } from "./payloads.ts";

export {
  CENTRAL_SOURCE,
  dataSchemaUrn,
  EVENT_CONTENT_TYPE,
  type EventInput,
  encodeEvent,
  eventType,
  gatewaySource,
  maxEventBytes,
} from "./encode-event.ts";

/** Depth of objects and arrays that is read; deeper is no message of this contract. */
const MAX_DEPTH = 32;

/** A CloudEvents 1.0 structured event as the contract uses it (`mqtt.md` "Envelope"). */
export const cloudEventSchema = z.object({
  specversion: z.literal("1.0"),
  id: z.string().min(1).max(128).describe("with source the key to deduplicate on"),
  source: z.string().min(1).max(128).describe("/{site}/{gateway}[/{lane}] upward, /central downward"),
  type: z.string().regex(/^org\.lynceus\.[a-z-]+\.v1$/),
  subject: z.string().min(1).max(128).optional().describe("the scan id of a hit"),
  time: timestampMs,
  datacontenttype: z.string().max(128).optional(),
  dataschema: z.string().max(200).optional(),
  traceparent: z.string().max(128).optional(),
  resent: z.boolean().optional().describe("true: not the first try"),
  data: z.unknown(),
});
/** What is read: a time of any precision and offset will do. */
const receivedEventSchema = cloudEventSchema.extend({ time: timestamp });
/** An event as received, its data unchecked. */
export type CloudEvent = z.output<typeof receivedEventSchema>;
/** An event as received, with its name; `data` is still unchecked. */
export type NamedEvent = CloudEvent & { readonly name: EventName };

/**
 * Checks an event against the contract, strictly, and encodes it.
 * @throws LynceusError `LYN_PAYLOAD_INVALID` where data is not as the contract says, `LYN_ENVELOPE_INVALID` where the
 *   envelope is not, `LYN_MESSAGE_TOO_LARGE` over the limit.
 */
export function wrap<Name extends EventName>(
  event: EventInput<EventData<Name>> & { readonly name: Name },
): Uint8Array {
  const result = EVENT_SCHEMAS[event.name].safeParse(event.data);
  if (!result.success) {
    const { pointer, message } = issuePointer(result.error);
    throw new LynceusError("LYN_PAYLOAD_INVALID", `${event.name}${pointer} ${message}`, {
      remedy: `Build the data of ${event.name} as mqtt.md says`,
      details: { event: event.name, pointer },
    });
  }
  const envelope = cloudEventSchema.safeParse({ ...event, specversion: "1.0", type: eventType(event.name) });
  if (!envelope.success) throw notAnEvent(issueText(envelope.error));
  return encodeEvent(event);
}

function issueText(error: z.core.$ZodError): string {
  const { pointer, message } = issuePointer(error);
  return `${pointer || "the message"} ${message}`;
}

function notAnEvent(why: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_ENVELOPE_INVALID", `Not an event of the contract: ${why}`, {
    remedy: "Send a CloudEvents 1.0 structured event as mqtt.md says",
    cause,
  });
}

/** Whether the text nests deeper than `MAX_DEPTH`, found without parsing it. */
function nestsTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
}

/**
 * JSON of a message, of bounded depth.
 * @throws LynceusError `LYN_ENVELOPE_INVALID`
 */
export function parseEventJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw notAnEvent("it is not UTF-8", cause);
  }
  if (nestsTooDeep(text)) throw notAnEvent(`it nests deeper than ${MAX_DEPTH}`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notAnEvent("it is not JSON", cause);
  }
}

/**
 * Reads an event's envelope. Unknown attributes are ignored, `data` is not looked at: read it with `parseHit`,
 * `parseAlert`, `parseDeclaration`, `readEventData`.
 * @returns the event and its name, or null for a zero-length payload, which means that a retained message was cleared.
 * @throws LynceusError `LYN_ENVELOPE_INVALID` or `LYN_MESSAGE_TOO_LARGE`.
 */
export function unwrap(bytes: Uint8Array): NamedEvent | null {
  if (bytes.length === 0) return null;
  if (bytes.length > MAX_DECLARATION_BYTES) throw tooLarge("A message", bytes.length, MAX_DECLARATION_BYTES);
  const result = receivedEventSchema.safeParse(parseEventJson(bytes));
  if (!result.success) throw notAnEvent(issueText(result.error));
  const name = EVENT_NAMES.find((candidate) => eventType(candidate) === result.data.type);
  if (name === undefined) throw notAnEvent("its type is none of this contract's");
  const limit = maxEventBytes(name);
  if (bytes.length > limit) throw tooLarge(`A ${name} event`, bytes.length, limit);
  return { ...result.data, name };
}

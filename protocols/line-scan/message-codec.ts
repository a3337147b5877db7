import type { z } from "zod";
import { LynceusError } from "../errors.ts";
import { issuePointer } from "../schema-issue.ts";
import { encodeFrame, FRAME_TYPES } from "./frame.ts";
import type { DecodedFrame } from "./frame-decoder.ts";
import {
  ackSchema,
  eventSchema,
  flowSchema,
  heartbeatSchema,
  helloSchema,
  nakSchema,
  resultSchema,
  scanEndSchema,
  scanStartSchema,
} from "./messages.ts";

/** Schema of every JSON message of the stream, by its name. LINES is binary: see `lines.ts`. */
export const MESSAGE_SCHEMAS = {
  HELLO: helloSchema,
  SCAN_START: scanStartSchema,
  SCAN_END: scanEndSchema,
  EVENT: eventSchema,
  HEARTBEAT: heartbeatSchema,
  ACK: ackSchema,
  NAK: nakSchema,
  FLOW: flowSchema,
  RESULT: resultSchema,
} as const;
export type MessageName = keyof typeof MESSAGE_SCHEMAS;
/** A message as received: defaults filled in. */
export type Message<Name extends MessageName> = z.output<(typeof MESSAGE_SCHEMAS)[Name]>;
/** A message as sent: what has a default may be left out. */
export type MessageInput<Name extends MessageName> = z.input<(typeof MESSAGE_SCHEMAS)[Name]>;
/** A received JSON message with its name, a union to switch on. */
export type NamedMessage = { [Name in MessageName]: { name: Name; message: Message<Name> } }[MessageName];

const NAME_BY_TYPE: ReadonlyMap<number, MessageName> = new Map(
  (Object.keys(MESSAGE_SCHEMAS) as MessageName[]).map((name) => [FRAME_TYPES[name], name]),
);

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

function invalid(name: MessageName, why: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_LINE_SCAN_MESSAGE", `${name}: ${why}`, {
    remedy: `Send ${name} with the members and units of line-scan.md`,
    details: { message: name },
    cause,
  });
}

/** Encodes a JSON message as a frame. Give values within the schema: the sender is not checked twice. */
export function encodeMessage<Name extends MessageName>(
  name: Name,
  message: MessageInput<Name>,
  sequence: number,
): Uint8Array {
  const payload = encoder.encode(JSON.stringify(message));
  return encodeFrame({ type: FRAME_TYPES[name], sequence, payload, json: true });
}

/**
 * Reads the payload of a JSON message; members it does not know are ignored.
 * @throws LynceusError `LYN_LINE_SCAN_MESSAGE` where it is not JSON or outside the schema.
 */
export function parseMessage<Name extends MessageName>(name: Name, payload: Uint8Array): Message<Name> {
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(payload));
  } catch (cause) {
    throw invalid(name, "the payload is not JSON in UTF-8", cause);
  }
  const result = MESSAGE_SCHEMAS[name].safeParse(json);
  if (!result.success) {
    const { pointer, message } = issuePointer(result.error);
    throw invalid(name, `${pointer || "the message"} ${message}`);
  }
  return result.data as Message<Name>;
}

/** The name of a frame's type where its payload is JSON, or null for LINES and types that this version does not know. */
export function messageName(frame: DecodedFrame): MessageName | null {
  return NAME_BY_TYPE.get(frame.type) ?? null;
}

/**
 * Reads any JSON frame.
 * @returns the message with its name, or null for LINES and for a type that this version does not know.
 * @throws LynceusError `LYN_LINE_SCAN_MESSAGE` as {@link parseMessage}.
 */
export function readMessage(frame: DecodedFrame): NamedMessage | null {
  const name = messageName(frame);
  return name === null ? null : ({ name, message: parseMessage(name, frame.payload) } as NamedMessage);
}

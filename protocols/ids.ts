import { v5 } from "uuid";
import { LynceusError } from "./errors.ts";

/**
 * Namespace of event ids: UUIDv5 of `urn:lynceus:event` in the URL namespace (RFC 9562 §6.6). Never changes: the ids that
 * central deduplicates on hang on it.
 */
export const EVENT_NAMESPACE = "dc0a1073-1047-58d1-9791-a0f971db7065";

const MAX_TIME_MS = 2 ** 48 - 1;
const RANDOM_BYTES = 10;
const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function badInput(message: string): LynceusError {
  return new LynceusError("LYN_ID_INPUT", message, {
    remedy: "Give a time in ms, ten random bytes, a uuid, an integer",
  });
}

/**
 * A scan id: UUIDv7 (RFC 9562 §5.7), which sorts by time.
 * @param msSinceEpoch Unix time, ms, an integer of 0 … 2^48−1.
 * @param randomBytes at least ten bytes of good randomness.
 * @throws LynceusError `LYN_ID_INPUT`
 */
export function scanIdAt(msSinceEpoch: number, randomBytes: Uint8Array): string {
  if (!Number.isInteger(msSinceEpoch) || msSinceEpoch < 0 || msSinceEpoch > MAX_TIME_MS) {
    throw badInput(`${msSinceEpoch} is not a time in ms`);
  }
  if (randomBytes.length < RANDOM_BYTES) throw badInput(`${randomBytes.length} random bytes are too few`);
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(msSinceEpoch / 0x1_0000));
  view.setUint16(4, msSinceEpoch % 0x1_0000);
  bytes.set(randomBytes.subarray(0, RANDOM_BYTES), 6);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function derive(kind: string, uuid: string, number: number): string {
  if (!UUID_PATTERN.test(uuid)) throw badInput(`The ${kind}'s uuid is none`);
  if (!Number.isSafeInteger(number) || number < 0) throw badInput(`${number} is not a count`);
  return v5(`${kind}:${uuid.toLowerCase()}:${number}`, EVENT_NAMESPACE);
}

/**
 * The event id of a hit: the same for the same scan and revision, whatever crashed in between. UUIDv5 of
 * `hit:SCANID:REVISION` in {@link EVENT_NAMESPACE}.
 */
export function eventId(scanId: string, revision: number): string {
  return derive("hit", scanId, revision);
}

/** The event id of an alert: UUIDv5 of `alert:JOURNAL:SEQUENCE` in {@link EVENT_NAMESPACE}. */
export function alertId(journal: string, sequence: number): string {
  return derive("alert", journal, sequence);
}

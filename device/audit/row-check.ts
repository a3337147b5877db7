import { type KeyObject, verify } from "node:crypto";
import { linkHash } from "../../protocols/chain.ts";
import { alertId, eventId } from "../../protocols/ids.ts";
import { encodeEvent } from "../../protocols/mqtt/encode-event.ts";
import type { AuditRow } from "../spool/port.ts";

/** What is wrong with a row of a journal. */
export type RowFault =
  /** Rows are missing, or not in their order. */
  | "sequence"
  /** It does not follow the row before. */
  | "previous"
  /** Its data is not what was hashed. */
  | "hash"
  /** The event around its data is not the one that was published. */
  | "event"
  /** Its id is not that of its scan and revision, or of its number. */
  | "id"
  | "signature"
  /** It is signed by a key that nobody named. */
  | "unknown-key"
  /** Rows before it are signed, it is not. */
  | "unsigned";

const HASH = /^[0-9a-f]{64}$/;
const SIGNATURE = /^[A-Za-z0-9_-]{86}$/;

/** A journal's place: gateways whose rows it may hold, `/SITE/GATEWAY`; a renamed gateway has more than one. */
export interface Place {
  readonly journal: string;
  readonly sources: ReadonlySet<string>;
}

/** Checks a row by itself: data, hash, event and id. */
export function contentFault(row: AuditRow, { journal, sources }: Place): RowFault | null {
  if (!HASH.test(row.hash) || !HASH.test(row.previous)) return "hash";
  if (row.event === null) return row.id === idOf(row, journal) ? null : "id";
  const event = parse(row.event);
  const data = event?.["data"];
  if (event === null || !isObject(data)) return "event";
  if (hashOf(row.previous, data) !== row.hash) return "hash";
  if (row.id !== idOf(row, journal)) return "id";
  const source = String(event["source"]);
  const gateway = row.lane === null ? source : source.slice(0, -row.lane.length - 1);
  if (row.lane !== null && source !== `${gateway}/${row.lane}`) return "event";
  if (!(ownSource(data) === gateway || sources.has(gateway))) return "event";
  return encodedAgain(row, journal, data, source) === row.event ? null : "event";
}

/** `/SITE/GATEWAY` that the data of a hit names; alerts name none. */
function ownSource(data: Readonly<Record<string, unknown>>): string | null {
  const { site, gateway } = data;
  return typeof site === "string" && typeof gateway === "string" ? `/${site}/${gateway}` : null;
}

/** The event as the spool made it of its columns and its data: any other byte in it is somebody else's. */
function encodedAgain(
  row: AuditRow,
  journal: string,
  data: Readonly<Record<string, unknown>>,
  source: string,
): string | null {
  const { sequence, previous, hash, signature, keyId, kind, scanId } = row;
  const decided = kind === "hit" ? data["decidedAt"] : null;
  const time = typeof decided === "string" ? Date.parse(decided) : row.createdAt;
  const { integrity: _, ...bare } = data;
  try {
    return new TextDecoder().decode(
      encodeEvent({
        name: kind,
        id: row.id,
        source,
        ...(scanId === null ? {} : { subject: scanId }),
        time: new Date(time).toISOString(),
        data: { ...bare, journal, sequence, integrity: { previous, hash, signature, keyId } },
      }),
    );
  } catch {
    return null;
  }
}

function idOf({ kind, scanId, revision, sequence }: AuditRow, journal: string): string | null {
  try {
    if (kind === "alert") return alertId(journal, sequence);
    return scanId === null || revision === null ? null : eventId(scanId, revision);
  } catch {
    return null;
  }
}

function hashOf(previous: string, data: Readonly<Record<string, unknown>>): string | null {
  try {
    return linkHash(previous, data);
  } catch {
    return null;
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Checks a row's signature. @param keys by key id. */
export function signatureFault(
  { hash, signature, keyId }: Pick<AuditRow, "hash" | "signature" | "keyId">,
  keys: ReadonlyMap<string, KeyObject>,
): RowFault | null {
  if (signature === null) return keyId === null ? null : "signature";
  const key = keyId === null ? undefined : keys.get(keyId);
  if (key === undefined) return "unknown-key";
  if (!SIGNATURE.test(signature)) return "signature";
  const bytes = Buffer.from(signature, "base64url");
  // Unused bits of the last character would be another text of the same bytes.
  if (bytes.toString("base64url") !== signature) return "signature";
  return verify(null, Buffer.from(hash, "hex"), key, bytes) ? null : "signature";
}

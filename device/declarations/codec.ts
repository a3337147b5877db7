import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Declaration } from "../../protocols/declaration.ts";
import { LynceusError } from "../../protocols/errors.ts";
import { DICTIONARIES } from "./dictionary.ts";
import type { Key } from "./keys.ts";

/** A fault of a declaration as it is stored with it; never quotes the declaration. */
export interface StoredFinding {
  readonly metric: string;
  readonly pointer: string;
  readonly message: string;
}

/** What is stored of a declaration. */
export interface DeclarationRecord {
  readonly declaration: Declaration;
  readonly findings: readonly StoredFinding[];
  /** Of a cancellation that repeats none: the identifiers of what it cancels. */
  readonly held?: readonly Key[];
}

/** A record unpacked, at most, bytes: a message of 256 KiB and its findings. */
const MAX_RECORD_BYTES = 1 << 20;
/** The dictionary that records are written with. */
const CURRENT = 1;
/** zlib's default: its best is a hundredth smaller and half as fast. */
const LEVEL = 6;

/** Packs a record: the number of its dictionary, then raw DEFLATE (RFC 1951) of its JSON with sorted members. The same record, the same bytes. */
export function packRecord({ declaration, findings, held }: DeclarationRecord): Uint8Array {
  const record = { declaration, ...(findings.length > 0 ? { findings } : {}), ...(held && { held }) };
  const text = JSON.stringify(sorted(record));
  const packed = deflateRawSync(text, { dictionary: dictionary(CURRENT), level: LEVEL });
  const bytes = new Uint8Array(packed.length + 1);
  bytes[0] = CURRENT;
  bytes.set(packed, 1);
  return bytes;
}

/** Throws LYN_DECLARATION_RECORD when the bytes are none of {@link packRecord}'s. */
export function unpackRecord(bytes: Uint8Array): DeclarationRecord {
  try {
    const options = { dictionary: dictionary(bytes[0] ?? 0), maxOutputLength: MAX_RECORD_BYTES };
    const text = inflateRawSync(bytes.subarray(1), options).toString("utf8");
    const { declaration, findings, held } = JSON.parse(text) as Partial<DeclarationRecord>;
    if (declaration === undefined) throw new TypeError("no declaration in it");
    return { declaration, findings: findings ?? [], ...(held === undefined ? {} : { held }) };
  } catch (cause) {
    throw new LynceusError("LYN_DECLARATION_RECORD", "a stored declaration cannot be unpacked", {
      remedy:
        "Nothing to do: it is dropped and central is asked for it. If it happens again, check the disk.",
      cause,
    });
  }
}

/** The same value with the members of each object in the order of their names: the order in which they came is no content. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const ordered: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) ordered[name] = sorted((value as typeof ordered)[name]);
  return ordered;
}

function dictionary(number: number): Uint8Array {
  const found = number === 0 ? undefined : DICTIONARIES[number];
  if (found === undefined) throw new RangeError(`no dictionary ${number}`);
  return found;
}

import { createHash, createPublicKey, verify } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import { LynceusError } from "./errors.ts";
import type { Integrity } from "./mqtt/common.ts";

/** The hash chain over the hits and alerts of a journal (`mqtt.md` "Integrity"). */

/** `previous` of the first row of a journal: 64 zeros. */
export const GENESIS = "0".repeat(64);
/** `sequence` of the first row. */
export const FIRST_SEQUENCE = 1;

const HASH_PATTERN = /^[0-9a-f]{64}$/;

/**
 * Hash of a row: hex SHA-256(`previous` as 64 hex ASCII ‖ LF ‖ RFC 8785 form of `data` without `integrity`).
 * @param previous the hash of the row before, lower-case hex; {@link GENESIS} for the first.
 * @param data `data` of a hit or alert, with or without `integrity`.
 * @throws LynceusError `LYN_CHAIN_INPUT` where `previous` is no hash, `LYN_CANONICAL_JSON` where data has no form.
 */
export function linkHash(previous: string, data: Readonly<Record<string, unknown>>): string {
  if (!HASH_PATTERN.test(previous)) {
    throw new LynceusError("LYN_CHAIN_INPUT", "The previous hash is not 64 lower-case hex digits", {
      remedy: "Give the hash of the row before in the journal, or GENESIS for the first",
    });
  }
  const { integrity: _, ...rest } = data;
  return createHash("sha256")
    .update(`${previous}\n${canonicalJson(rest)}`, "utf8")
    .digest("hex");
}

/** A row of a journal. `data` is null where it was erased: its place in the chain stays. */
export interface ChainRow {
  readonly sequence: number;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly integrity: Integrity;
}

/** The row of a received hit or alert. */
export function chainRow(data: {
  readonly sequence: number;
  readonly integrity: Integrity;
  readonly [member: string]: unknown;
}): ChainRow {
  return { sequence: data.sequence, data, integrity: data.integrity };
}

export type ChainVerdict =
  | { readonly ok: true; readonly rows: number; readonly head: string }
  | {
      readonly ok: false;
      /** Index of the first row that does not hold. */
      readonly index: number;
      readonly sequence: number;
      readonly reason: "sequence" | "previous" | "hash" | "data" | "signature" | "unknown-key";
    };

export interface VerifyOptions {
  /** Where the rows take up, when they are not a journal's first: its sequence and hash. */
  readonly after?: { readonly sequence: number; readonly hash: string };
  /** Raw Ed25519 public keys by key id. Signatures are checked where this is given; null signatures pass. */
  readonly keys?: ReadonlyMap<string, Uint8Array>;
}

function rowFault(row: ChainRow, previous: string, keys: VerifyOptions["keys"]) {
  if (row.integrity.previous !== previous) return "previous" as const;
  if (row.data !== null) {
    try {
      if (linkHash(previous, row.data) !== row.integrity.hash) return "hash" as const;
    } catch {
      return "data" as const;
    }
  }
  return keys === undefined ? null : signatureFault(row.integrity, keys);
}

function signatureFault(integrity: Integrity, keys: ReadonlyMap<string, Uint8Array>) {
  if (integrity.signature === null) return null;
  const key = integrity.keyId === null ? undefined : keys.get(integrity.keyId);
  if (key === undefined) return "unknown-key" as const;
  return verifySignature(integrity.hash, integrity.signature, key) ? null : ("signature" as const);
}

/** Verifies rows in `sequence` order; names the first that breaks the chain. */
export function verifyChain(rows: Iterable<ChainRow>, { after, keys }: VerifyOptions = {}): ChainVerdict {
  let head = after?.hash ?? GENESIS;
  let sequence = after === undefined ? FIRST_SEQUENCE : after.sequence + 1;
  let index = 0;
  for (const row of rows) {
    const reason = row.sequence === sequence ? rowFault(row, head, keys) : "sequence";
    if (reason !== null) return { ok: false, index, sequence: row.sequence, reason };
    head = row.integrity.hash;
    sequence += 1;
    index += 1;
  }
  return { ok: true, rows: index, head };
}

/** DER before the 32 raw bytes of an Ed25519 public key (RFC 8410). */
const ED25519_SPKI_PREFIX = Uint8Array.of(
  0x30,
  0x2a,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x03,
  0x21,
  0x00,
);

/** `keyId` of a raw Ed25519 public key: first 16 hex digits of its SHA-256. */
export function keyIdOf(rawPublicKey: Uint8Array): string {
  return createHash("sha256").update(rawPublicKey).digest("hex").slice(0, 16);
}

/** Whether `signature` (base64url Ed25519) over the 32 bytes of `hash` (hex) is by the raw public key. */
export function verifySignature(hash: string, signature: string, rawPublicKey: Uint8Array): boolean {
  if (!HASH_PATTERN.test(hash) || rawPublicKey.length !== 32) return false;
  const der = Buffer.concat([ED25519_SPKI_PREFIX, rawPublicKey]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify(null, Buffer.from(hash, "hex"), key, Buffer.from(signature, "base64url"));
}

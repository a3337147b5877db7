import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Database } from "../database.ts";
import { type OperationContext, textOrNull } from "./context.ts";

/** What was dropped to make room. */
export interface Tombstone {
  /** ms since the epoch, by the gateway's clock. */
  readonly at: number;
  readonly kind: "images" | "letters";
  /** The scan id; of letters how many. */
  readonly subject: string;
  /** The folder it had, relative to the spool. */
  readonly file: string;
  /** Digests of its images as the hits name them, a space between two; null: none are known. */
  readonly sha256: string | null;
  readonly bytes: number;
  readonly reason: string;
}

/** A kept tombstone; `signature`: Ed25519 over SHA-256 of the RFC 8785 form of the others, base64url. */
export interface SignedTombstone extends Tombstone {
  readonly signature: string | null;
  readonly keyId: string | null;
}

/** SHA-256 of the RFC 8785 form, hex: what is signed. */
export function tombstoneHash(tombstone: Tombstone): string {
  const { at, kind, subject, file, sha256, bytes, reason } = tombstone;
  const text = canonicalize({ at, kind, subject, file, sha256, bytes, reason }) ?? "";
  return createHash("sha256").update(text).digest("hex");
}

export function bury({ database, signer }: OperationContext, tombstone: Tombstone): void {
  database.run(
    "INSERT INTO tombstones (at, kind, subject, file, sha256, bytes, reason, signature, key_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    tombstone.at,
    tombstone.kind,
    tombstone.subject,
    tombstone.file,
    tombstone.sha256,
    tombstone.bytes,
    tombstone.reason,
    signer?.sign(tombstoneHash(tombstone)) ?? null,
    signer?.keyId ?? null,
  );
}

/** Tombstones, the newest first; `subject`: of one scan. */
export function tombstonesIn(
  database: Database,
  { subject, limit }: { subject?: string; limit: number },
): SignedTombstone[] {
  return database
    .all(
      "SELECT * FROM tombstones WHERE ?1 IS NULL OR subject = ?1 ORDER BY id DESC LIMIT ?2",
      subject ?? null,
      limit,
    )
    .map((row) => ({
      at: Number(row["at"]),
      kind: String(row["kind"]) as Tombstone["kind"],
      subject: String(row["subject"]),
      file: String(row["file"]),
      sha256: textOrNull(row["sha256"]),
      bytes: Number(row["bytes"]),
      reason: String(row["reason"]),
      signature: textOrNull(row["signature"]),
      keyId: textOrNull(row["key_id"]),
    }));
}

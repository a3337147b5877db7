import type { DeclarationFile } from "../../declarations/file.ts";
import type { Signer } from "../../signing.ts";
import type { Database } from "../../sqlite.ts";

/** What every operation of the journal gets: it runs in the worker, inside a transaction. */
export interface OperationContext {
  readonly database: Database;
  readonly declarations: DeclarationFile;
  readonly site: string;
  readonly gateway: string;
  readonly journal: string;
  readonly bootId: string;
  /** Signs each row's hash; null until a key is configured. */
  readonly signer: Signer | null;
}

/** Reads a value of the `meta` table. */
export function readMeta(database: Database, key: string): string | null {
  const row = database.get("SELECT value FROM meta WHERE key = ?", key);
  return row === null ? null : String(row["value"]);
}

export function writeMeta(database: Database, key: string, value: string): void {
  database.run(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    key,
    value,
  );
}

/** Of {@link META.upgraded}: not yet told in running time. */
export const UPGRADED_NOW = "now";

/** Names within `meta`. */
export const META = {
  journal: "journal",
  boot: "boot",
  /** `true` once central announced receipts. */
  receipts: "receipts-expected",
  /** `true`: the broker speaks MQTT 3.1.1, whose PUBACK says nothing. */
  onlyReceipts: "only-receipts",
  /** Every row up to this sequence has a receipt. */
  receiptedUpTo: "receipted-up-to",
  checkpoints: "checkpoints",
  /** When the journal was brought to a new version, running time in ms, while a copy of the old one is kept. */
  upgraded: "upgraded-life",
  /** When the watchdog last asked for a commit, ms since the epoch. */
  heartbeat: "heartbeat",
  /** When a damaged journal was replaced, ms since the epoch. */
  salvagedAt: "salvaged-at",
  /** How far planes on the disk were read again. */
  scrubbed: "scrubbed-up-to",
  unknownOutcomes: "outcomes-of-unknown-scans",
} as const;

/** A column that is text or null. */
export function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** A column that is a number or null. */
export function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

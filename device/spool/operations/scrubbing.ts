import type { StoredScan } from "../port.ts";
import { META, type OperationContext, readMeta, writeMeta } from "./context.ts";
import { scanIn } from "./scans.ts";

/** How far the planes on the disk were read: a scan's `received_at` and row; the beginning: both 0. */
export interface ScrubPlace {
  readonly receivedAt: number;
  readonly row: number;
}

/** The place where the last run came to. */
export function scrubPlace({ database }: OperationContext): ScrubPlace {
  const [receivedAt = 0, row = 0] = (readMeta(database, META.scrubbed) ?? "").split(" ").map(Number);
  return Number.isFinite(receivedAt) && Number.isFinite(row)
    ? { receivedAt, row }
    : { receivedAt: 0, row: 0 };
}

export function keepScrubPlace({ database }: OperationContext, { receivedAt, row }: ScrubPlace): void {
  writeMeta(database, META.scrubbed, `${receivedAt} ${row}`);
}

/** The next analysed scan after a place whose planes are kept, folder relative to the spool; null: there is none. */
export function nextToScrub(
  { database }: OperationContext,
  { receivedAt, row }: ScrubPlace,
): { readonly stored: StoredScan; readonly place: ScrubPlace } | null {
  const next = database.get(
    `SELECT rowid AS row, received_at, scan_id FROM scans INDEXED BY scans_kept
     WHERE evicted = 0 AND received_at >= ?1 AND (received_at > ?1 OR rowid > ?2) AND state = 'analysed'
     ORDER BY received_at, rowid LIMIT 1`,
    receivedAt,
    row,
  );
  const stored = next === null ? null : scanIn(database, String(next["scan_id"]));
  if (next === null || stored === null) return null;
  return { stored, place: { receivedAt: Number(next["received_at"]), row: Number(next["row"]) } };
}

/** Whether a scan's planes are still to be where they were read: they may have made room meanwhile, or come again whole. */
export function arePlanesKept(
  { database }: OperationContext,
  { scanId, directory }: { scanId: string; directory: string },
): boolean {
  const row = database.get(
    "SELECT 1 FROM scans WHERE scan_id = ? AND directory = ? AND evicted = 0",
    scanId,
    directory,
  );
  return row !== null;
}

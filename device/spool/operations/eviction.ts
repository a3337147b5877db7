import type { Analysis } from "../../scan.ts";
import type { SqlRow } from "../database.ts";
import type { Tier } from "../ladder.ts";
import { type OperationContext, textOrNull } from "./context.ts";
import { DAMAGED } from "./scans.ts";
import { shredKeys } from "./shred.ts";
import { bury } from "./tombstones.ts";

/** Folders freed in one transaction. */
const EVICTION_STEP = 100;

/** Fully analysed, and all that they produced delivered: by a receipt, or without receipts by the broker's word. */
const DELIVERED = `evicted = 0 AND state = 'analysed' AND revision > 0
  AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.scan_id = s.scan_id AND o.delivered_life IS NULL)`;
/** As the index of such scans has it. */
const IDLE = "json_valid(scan) AND (scan ->> '$.purpose') = 'NON_OPERATIONAL'";
/** Each tier is read along an index that has its order: a site keeps hundreds of thousands of scans. */
const OF_TIER: Readonly<
  Record<Tier, { readonly index: string; readonly where: string; readonly order: string }>
> = {
  idle: { index: "scans_idle", where: `AND ${IDLE}`, order: "received_at" },
  low: { index: "scans_evictable", where: "AND (band IS NOT 'low') = 0", order: "received_at" },
  any: { index: "scans_evictable", where: "", order: "band IS NOT 'low', received_at" },
};

export interface EvictArguments {
  /** Bytes to free. */
  readonly bytes: number;
  readonly tier: Tier;
  readonly now: number;
  readonly reason: string;
}

export interface Evicted {
  /** Folders to be removed after the commit, relative to the spool. */
  readonly directories: string[];
  readonly freed: number;
}

/** Marks scans whose planes may go until `bytes` are freed, low-band ones first, then the oldest; each has a tombstone. */
export function evictScans(context: OperationContext, { bytes, tier, now, reason }: EvictArguments): Evicted {
  const { index, where, order } = OF_TIER[tier];
  const rows = context.database.all(
    `SELECT scan_id, directory, bytes, analysis FROM scans AS s INDEXED BY ${index} WHERE ${DELIVERED} ${where}
     ORDER BY ${order} LIMIT ${EVICTION_STEP}`,
  );
  return evict(context, rows, { bytes, now, reason });
}

/** Planes of scans that were delivered more than `keepMs` of running time ago. `life`: how long the gateway has run, ms. */
export function evictOld(
  context: OperationContext,
  { life, keepMs, now }: { life: number; keepMs: number; now: number },
): Evicted {
  const rows = context.database.all(
    `SELECT scan_id, directory, bytes, analysis FROM scans AS s INDEXED BY scans_kept WHERE ${DELIVERED}
       AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.scan_id = s.scan_id AND o.delivered_life > ?)
     ORDER BY received_at LIMIT ${EVICTION_STEP}`,
    life - keepMs,
  );
  return evict(context, rows, { bytes: Number.POSITIVE_INFINITY, now, reason: "kept long enough" });
}

function evict(
  context: OperationContext,
  rows: readonly SqlRow[],
  { bytes, now, reason }: { bytes: number; now: number; reason: string },
): Evicted {
  const directories: string[] = [];
  let freed = 0;
  for (const row of rows) {
    if (freed >= bytes) break;
    const [scanId, directory] = [String(row["scan_id"]), String(row["directory"])];
    context.database.run("UPDATE scans SET evicted = 1 WHERE scan_id = ?", scanId);
    shredKeys(context.database, scanId);
    const size = Number(row["bytes"]);
    const sha256 = digestsOf(textOrNull(row["analysis"]));
    bury(context, { at: now, kind: "images", subject: scanId, file: directory, sha256, bytes: size, reason });
    directories.push(directory);
    freed += size;
  }
  return { directories, freed };
}

/** Null where the analysis names none, or cannot be read. */
function digestsOf(analysis: string | null): string | null {
  if (analysis === null) return null;
  try {
    const { images } = JSON.parse(analysis) as Partial<Analysis>;
    return (images ?? []).map(({ sha256 }) => sha256).join(" ") || null;
  } catch {
    return null;
  }
}

/** Bodies of messages that could not be read, from before `before` (ms since the epoch): what was wrong with them stays. */
export function dropLetterBodies(
  context: OperationContext,
  { before, now }: { before: number; now: number },
): number {
  const { database } = context;
  const row = database.get(
    "SELECT count(*) AS n, coalesce(sum(length(body)), 0) AS bytes FROM letters WHERE body IS NOT NULL AND at < ?",
    before,
  );
  const [count, bytes] = [Number(row?.["n"] ?? 0), Number(row?.["bytes"] ?? 0)];
  if (count === 0) return 0;
  database.run("UPDATE letters SET body = NULL WHERE body IS NOT NULL AND at < ?", before);
  const reason = "the spool fills up";
  bury(context, { at: now, kind: "letters", subject: String(count), file: "", sha256: null, bytes, reason });
  return count;
}

/**
 * A scan whose planes are damaged keeps them, apart from those that are removed by and by. `directory`: where they are now,
 * relative to the spool.
 */
export function quarantineScan(
  { database }: OperationContext,
  { scanId, directory }: { scanId: string; directory: string },
): void {
  database.run(`UPDATE scans SET evicted = ${DAMAGED}, directory = ? WHERE scan_id = ?`, directory, scanId);
}

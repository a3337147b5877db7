import type { OperationContext } from "./context.ts";
import { textOrNull } from "./context.ts";

/** How far back in the journal is looked, rows: a look must cost the same however long the history. */
const LOOK_BACK_ROWS = 5000;
/** Rows in one answer, at most. */
const MAX_ROWS = 100;

/** A row as a person at the cabinet reads it. */
export interface RecentRow {
  readonly sequence: number;
  readonly id: string;
  /** The CloudEvents JSON as it was or will be published. */
  readonly event: string;
  readonly state: "unpublished" | "published" | "receipted" | "dead";
}

/** The newest hits, or alerts, of the last 5,000 rows, newest first; erased ones are left out. */
export function recentRows(
  { database }: OperationContext,
  { kind, limit }: { kind: "hit" | "alert"; limit: number },
): RecentRow[] {
  return database
    .all(
      `SELECT sequence, id, event, published, receipted_at, dead_at FROM outbox
       WHERE sequence > (SELECT coalesce(max(sequence), 0) FROM outbox) - ${LOOK_BACK_ROWS} AND sequence > 0
         AND kind = ? AND event IS NOT NULL
       ORDER BY sequence DESC LIMIT ?`,
      kind,
      Math.min(limit, MAX_ROWS),
    )
    .map((row) => ({
      sequence: Number(row["sequence"]),
      id: String(row["id"]),
      event: textOrNull(row["event"]) ?? "",
      state:
        row["dead_at"] !== null
          ? "dead"
          : row["receipted_at"] !== null
            ? "receipted"
            : Number(row["published"]) > 0
              ? "published"
              : "unpublished",
    }));
}

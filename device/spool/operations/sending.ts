import type { SqlRow } from "../database.ts";
import type { OutboxRow } from "../port.ts";
import type { OperationContext } from "./context.ts";
import { pubackDelivers } from "./delivery.ts";
import { outboxRow, ROW } from "./outbox.ts";

/** Wait for a receipt after the first PUBACK, doubled with each further one up to the second figure, ms. */
const FIRST_RESEND_MS = 2000;
const LAST_RESEND_MS = 60_000;
/** Hits before alerts, in everything. */
const KINDS = ["hit", "alert"] as const;

export interface DueArguments {
  readonly limit: number;
  /** Rows without a receipt go again when it is late. */
  readonly receipts: boolean;
  readonly now: number;
  readonly inFlight: readonly number[];
  readonly since: number | null;
  /** Rows from this sequence on are fresh: they overtake a backlog of any length. Null: none is. */
  readonly freshFrom: number | null;
  /** False: nothing but fresh rows, for central is away. */
  readonly backlog: boolean;
}

/** What is sent next; each step is a range of an index, so that a million rows that wait cost nothing. */
export function dueRows({ database }: OperationContext, options: DueArguments): OutboxRow[] {
  const chosen: SqlRow[] = [];
  const taken = [...options.inFlight];
  const take = (where: string, order: string, ...values: (number | string)[]) => {
    const left = options.limit - chosen.length;
    if (left <= 0) return;
    const rows = database.all(
      `SELECT ${ROW} FROM outbox WHERE ${where} AND sequence NOT IN (SELECT value FROM json_each(?)) ORDER BY ${order} LIMIT ?`,
      ...values,
      JSON.stringify(taken),
      left,
    );
    for (const row of rows) {
      chosen.push(row);
      taken.push(Number(row["sequence"]));
    }
  };
  const unsent = (kind: string, from: number) =>
    take("open = 1 AND published = 0 AND kind = ? AND sequence >= ?", "sequence", kind, from);
  if (options.freshFrom !== null) for (const kind of KINDS) unsent(kind, options.freshFrom);
  if (!options.backlog) return chosen.map(outboxRow);
  for (const kind of KINDS) unsent(kind, Number.MIN_SAFE_INTEGER);
  take("wanted = 1 AND published > 0", "sequence");
  if (options.receipts) {
    take("open = 1 AND published > 0 AND resend_at <= ?", "resend_at", options.now);
    // Sent by a clock that was ahead and has been set right since.
    take("open = 1 AND published > 0 AND published_at > ?", "published_at", options.now);
    if (options.since !== null)
      take("open = 1 AND published > 0 AND published_at < ?", "published_at", options.since);
  }
  return chosen.map(outboxRow);
}

/** The broker has them. `life`: how long the gateway has run, ms. */
export function markPublished(
  { database }: OperationContext,
  { sequences, at, life }: { sequences: readonly number[]; at: number; life: number },
): void {
  const delivered = pubackDelivers(database) ? life : null;
  for (const sequence of sequences) {
    database.run(
      `UPDATE outbox SET published = published + 1, published_at = ?, wanted = 0,
         resend_at = ? + min(${FIRST_RESEND_MS} << min(published, 10), ${LAST_RESEND_MS}),
         delivered_life = coalesce(delivered_life, ?)
       WHERE sequence = ? AND (receipted_at IS NULL OR wanted = 1)`,
      at,
      at,
      delivered,
      sequence,
    );
  }
}

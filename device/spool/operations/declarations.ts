import type { Declaration } from "../../../protocols/declaration.ts";
import { type KeptRisk, riskOfRow } from "../../declarations/kept-risk.ts";
import { keepRisk } from "../../declarations/risks.ts";
import {
  countByConsignee,
  dropOldest,
  find,
  keysOfId,
  newestAt,
  put,
  storedAfter,
} from "../../declarations/store.ts";
import type { Database } from "../database.ts";
import type { DeclarationFinding, StoredAs, StoredDeclaration } from "../port.ts";
import type { OperationContext } from "./context.ts";

/** Scans that a start scores again because their declaration came just before the stop. */
const MAX_UNSEEN = 10_000;

interface Key {
  readonly scheme: string;
  readonly value: string;
}

/**
 * Durable upsert: the newest revision of an aedId stands, the first content of a revision stands. `displaced`: stored, and
 * older ones went for it.
 */
export function putDeclaration(
  { declarations }: OperationContext,
  {
    declaration,
    findings,
    at,
  }: { declaration: Declaration; findings: readonly DeclarationFinding[]; at: number },
): StoredAs {
  return declarations.write((database) => {
    const toGo = declarations.toGo(database);
    const result = put(database, declaration, findings, at, declarations.retention);
    if (result !== "stored" || toGo === 0) return result;
    dropOldest(database, toGo);
    return "displaced";
  });
}

export function findDeclarations(
  { declarations }: OperationContext,
  { identifiers, now }: { identifiers: readonly Key[]; now: number },
): StoredDeclaration[] {
  return declarations.read((database) => find(database, identifiers, now, riskOfRow));
}

/** Keeps what a model said of a declaration's risk; false where another revision stands by now. */
export function keepDeclarationRisk(
  { declarations }: OperationContext,
  given: { aedId: string; revision: number; risk: KeptRisk },
): boolean {
  return declarations.write((database) => keepRisk(database, given));
}

/** The identifiers that the stored revision of an aedId carries. */
export function declarationKeys({ declarations }: OperationContext, { aedId }: { aedId: string }): Key[] {
  return declarations.read((database) => keysOfId(database, aedId));
}

/** Live declarations that name a consignee's token, stored between two times. */
export function countOfConsignee(
  { declarations }: OperationContext,
  { token, from, to }: { token: string; from: number; to: number },
): number {
  return declarations.read((database) => countByConsignee(database, token, from, to));
}

/**
 * Scans received since `since` whose last hit was decided before a declaration (or cancellation) of their identifiers was
 * stored: the gateway ended between the two. Erased hits are older than any of these. Most declarations come before their
 * scan: only the hits of the others are read.
 */
export function unseenDeclarations(
  { database, declarations }: OperationContext,
  { since }: { since: number },
): { scanId: string; cause: "declaration" | "cancellation" }[] {
  const unseen: { scanId: string; cause: "declaration" | "cancellation" }[] = [];
  if ((declarations.read(newestAt) ?? 0) < since) return unseen;
  for (const [scanId, { keys, receivedAt }] of keysOfScans(database, since)) {
    if (unseen.length >= MAX_UNSEEN) break;
    const stored = declarations.read((store) => storedAfter(store, keys, receivedAt));
    if (stored === null || !wasDecidedBefore(database, scanId, stored.storedAt)) continue;
    unseen.push({ scanId, cause: stored.live ? "declaration" : "cancellation" });
  }
  return unseen;
}

/** Identifiers of the scans received since `since` that have a hit, the oldest scan first. */
function keysOfScans(database: Database, since: number): Map<string, { keys: Key[]; receivedAt: number }> {
  const scans = new Map<string, { keys: Key[]; receivedAt: number }>();
  const rows = database.all(
    `SELECT k.scan_id, k.scheme, k.value, k.received_at FROM scan_keys AS k CROSS JOIN scans AS s ON s.scan_id = k.scan_id
     WHERE k.received_at >= ? AND s.state <> 'received' ORDER BY k.received_at, k.scan_id`,
    since,
  );
  for (const row of rows) {
    const scanId = String(row["scan_id"]);
    const scan = scans.get(scanId) ?? { keys: [], receivedAt: Number(row["received_at"]) };
    scan.keys.push({ scheme: String(row["scheme"]), value: String(row["value"]) });
    scans.set(scanId, scan);
  }
  return scans;
}

function wasDecidedBefore(database: Database, scanId: string, at: number): boolean {
  const row = database.get(
    `SELECT 1 FROM scans AS s JOIN outbox AS o ON o.id = s.last_hit_id
     WHERE s.scan_id = ? AND o.event IS NOT NULL AND unixepoch(o.event ->> '$.data.decidedAt', 'subsec') * 1000 < ?`,
    scanId,
    at,
  );
  return row !== null;
}

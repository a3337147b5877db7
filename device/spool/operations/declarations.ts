import { createHash } from "node:crypto";
import type { Declaration } from "../../../protocols/declaration.ts";
import { canonicalIdentifier } from "../../../protocols/identifiers/canonical.ts";
import type { DeclarationFinding, StoredDeclaration } from "../port.ts";
import { META, type OperationContext, readMeta, writeMeta } from "./context.ts";

/** Kept for so long where a declaration does not say `retainUntil`, ms (`mqtt.md`). */
const RETENTION_MS = 30 * 24 * 3_600_000;
/** Declarations that one scan can match. */
const MAX_MATCHED = 100;
/** Scans that a start scores again because their declaration came just before the stop. */
const MAX_UNSEEN = 10_000;

/** Durable upsert: the newest revision of an aedId stands, the first content of a revision stands. */
export function putDeclaration(
  { database }: OperationContext,
  {
    declaration,
    findings,
    at,
  }: { declaration: Declaration; findings: readonly DeclarationFinding[]; at: number },
): "stored" | "same" | "conflict" | "stale" {
  const body = JSON.stringify(declaration);
  const content = createHash("sha256").update(body).digest("hex");
  const known = database.get(
    "SELECT revision, content FROM declarations WHERE aed_id = ?",
    declaration.aedId,
  );
  if (known !== null) {
    const revision = Number(known["revision"]);
    if (declaration.revision < revision) return "stale";
    if (declaration.revision === revision) return known["content"] === content ? "same" : "conflict";
  }
  const live = declaration.function !== "cancel";
  database.run(
    `INSERT OR REPLACE INTO declarations (aed_id, revision, live, body, findings, content, stored_at, retain_until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    declaration.aedId,
    declaration.revision,
    live ? 1 : 0,
    body,
    JSON.stringify(findings),
    content,
    at,
    retainUntil(declaration, at),
  );
  // A cancellation keeps the keys of what it cancels: their scans are to be rescored.
  const identifiers = declaration.identifiers ?? [];
  if (live || identifiers.length > 0) {
    database.run("DELETE FROM declaration_keys WHERE aed_id = ?", declaration.aedId);
    for (const { scheme, value } of identifiers) {
      database.run(
        "INSERT OR IGNORE INTO declaration_keys (scheme, value, aed_id) VALUES (?, ?, ?)",
        scheme,
        canonicalIdentifier(scheme, value),
        declaration.aedId,
      );
    }
  }
  return "stored";
}

export function findDeclarations(
  { database }: OperationContext,
  { identifiers, now }: { identifiers: readonly { scheme: string; value: string }[]; now: number },
): StoredDeclaration[] {
  return database
    .all(
      `SELECT body, findings, stored_at FROM declarations WHERE live = 1 AND retain_until > ? AND aed_id IN (
         SELECT k.aed_id FROM json_each(?) AS wanted
         JOIN declaration_keys AS k ON k.scheme = wanted.value ->> 'scheme' AND k.value = wanted.value ->> 'value'
       ) ORDER BY stored_at DESC, aed_id LIMIT ${MAX_MATCHED}`,
      now,
      JSON.stringify(identifiers),
    )
    .map((row) => ({
      declaration: JSON.parse(String(row["body"])) as Declaration,
      findings: JSON.parse(String(row["findings"])) as DeclarationFinding[],
      storedAt: Number(row["stored_at"]),
    }));
}

/**
 * Scans received since `since` whose last hit was decided before a declaration (or cancellation) of their identifiers was
 * stored: the gateway ended between the two. Erased hits are older than any of these. Most declarations come before their
 * scan: only the hits of the others are read. The order of the joins is given: a day's scans are few beside a month's
 * declarations.
 */
export function unseenDeclarations(
  { database }: OperationContext,
  { since }: { since: number },
): { scanId: string; cause: "declaration" | "cancellation" }[] {
  return database
    .all(
      `SELECT s.scan_id, max(d.live) AS live FROM scan_keys AS k
       CROSS JOIN declaration_keys AS n ON n.scheme = k.scheme AND n.value = k.value
       CROSS JOIN declarations AS d ON d.aed_id = n.aed_id
       CROSS JOIN scans AS s ON s.scan_id = k.scan_id
       CROSS JOIN outbox AS o ON o.id = s.last_hit_id
       WHERE k.received_at >= ? AND d.stored_at > k.received_at AND s.state <> 'received' AND o.event IS NOT NULL
         AND d.stored_at > unixepoch(o.event ->> '$.data.decidedAt', 'subsec') * 1000
       GROUP BY s.scan_id ORDER BY s.received_at LIMIT ${MAX_UNSEEN}`,
      since,
    )
    .map((row) => ({
      scanId: String(row["scan_id"]),
      cause: row["live"] === 1 ? ("declaration" as const) : ("cancellation" as const),
    }));
}

/** The identifiers that the stored revision of an aedId carries. */
export function declarationKeys(
  { database }: OperationContext,
  { aedId }: { aedId: string },
): { scheme: string; value: string }[] {
  return database
    .all("SELECT scheme, value FROM declaration_keys WHERE aed_id = ? ORDER BY scheme, value", aedId)
    .map((row) => ({ scheme: String(row["scheme"]), value: String(row["value"]) }));
}

/** Of the same outcomeId the latest `at` stands; an outcome of an unknown scan is counted, not kept. */
export function putOutcome(
  { database }: OperationContext,
  outcome: { outcomeId: string; scanId: string; at: string; body: string },
): "stored" | "same" | "unknown-scan" {
  if (database.get("SELECT 1 FROM scans WHERE scan_id = ?", outcome.scanId) === null) {
    const seen = Number(readMeta(database, META.unknownOutcomes) ?? 0);
    writeMeta(database, META.unknownOutcomes, String(seen + 1));
    return "unknown-scan";
  }
  const known = database.get("SELECT at FROM outcomes WHERE outcome_id = ?", outcome.outcomeId);
  if (known !== null && Date.parse(String(known["at"])) >= Date.parse(outcome.at)) return "same";
  database.run(
    "INSERT OR REPLACE INTO outcomes (outcome_id, scan_id, at, body) VALUES (?, ?, ?, ?)",
    outcome.outcomeId,
    outcome.scanId,
    outcome.at,
    outcome.body,
  );
  return "stored";
}

function retainUntil(declaration: Declaration, at: number): number {
  const stated = Date.parse(declaration.privacy?.retainUntil ?? "");
  return Number.isNaN(stated) ? at + RETENTION_MS : stated;
}

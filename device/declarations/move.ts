import type { Declaration } from "../../protocols/declaration.ts";
import type { Database } from "../sqlite.ts";
import type { DeclarationRecord, StoredFinding } from "./codec.ts";
import type { DeclarationFile } from "./file.ts";
import { holds, insert } from "./store.ts";

/** Rows moved in one transaction. */
const STEP = 1000;

/**
 * Moves what a journal of an earlier version holds into the file of declarations, and removes it there. Interrupted, it goes
 * on at the next start: a declaration that was moved already is the same one.
 */
export function moveFromJournal(journal: Database, file: DeclarationFile): number {
  if (journal.get("SELECT 1 FROM sqlite_schema WHERE name = 'declarations_v1'") === null) return 0;
  let moved = 0;
  let last = "";
  for (;;) {
    const rows = journal.all(
      `SELECT aed_id, body, findings, stored_at FROM declarations_v1 WHERE aed_id > ? ORDER BY aed_id LIMIT ${STEP}`,
      last,
    );
    file.write((database) => {
      for (const row of rows) {
        const declaration = JSON.parse(String(row["body"])) as Declaration;
        const findings = JSON.parse(String(row["findings"])) as StoredFinding[];
        if (holds(database, declaration.aedId)) continue;
        insert(
          database,
          { declaration, findings, ...heldKeys(journal, declaration) },
          Number(row["stored_at"]),
        );
      }
    });
    file.commit();
    moved += rows.length;
    if (rows.length < STEP) break;
    last = String(rows.at(-1)?.["aed_id"]);
  }
  journal.exec("PRAGMA secure_delete = ON");
  journal.exec("BEGIN IMMEDIATE; DROP TABLE declaration_keys_v1; DROP TABLE declarations_v1; COMMIT");
  journal.exec("PRAGMA secure_delete = OFF; PRAGMA wal_checkpoint(TRUNCATE)");
  return moved;
}

/** A cancellation need not repeat the identifiers of what it cancels; the journal kept them apart. */
function heldKeys(journal: Database, declaration: Declaration): Pick<DeclarationRecord, "held"> {
  if (declaration.identifiers !== undefined) return {};
  const keys = journal.all(
    "SELECT scheme, value FROM declaration_keys_v1 WHERE aed_id = ?",
    declaration.aedId,
  );
  return { held: keys.map((key) => ({ scheme: String(key["scheme"]), value: String(key["value"]) })) };
}

import type { Database } from "../sqlite.ts";
import type { KeptRisk } from "./kept-risk.ts";
import { rowOf } from "./store.ts";

/** Keeps it with that revision of the declaration; false where another one stands by now, or none. */
export function keepRisk(
  database: Database,
  { aedId, revision, risk }: { readonly aedId: string; readonly revision: number; readonly risk: KeptRisk },
): boolean {
  const row = rowOf(database, aedId, revision);
  if (row === null) return false;
  const { id } = database.get(
    `INSERT INTO risk_models (name, prevalence) VALUES (?, ?)
     ON CONFLICT (name, prevalence) DO UPDATE SET name = excluded.name RETURNING id`,
    risk.model,
    risk.prevalence,
  ) as { id: number };
  database.run("UPDATE records SET risk = ?, risk_model = ? WHERE row = ?", risk.p, id, row);
  return true;
}

import type { Database } from "../sqlite.ts";
import { rowOf } from "./store.ts";

/** What a model said of a declaration's risk, kept beside it: a score takes it from there and waits for no model. */
export interface KeptRisk {
  /** Calibrated chance that an examination finds an irregularity, 0..1. */
  readonly p: number;
  /** Share of irregular declarations at which `p` was calibrated, inside 0..1. */
  readonly prevalence: number;
  /** `name@version` */
  readonly model: string;
}

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

/** What is kept of a record's risk; null: nothing was said of it yet. */
export function riskOfRow(database: Database, row: number): KeptRisk | null {
  const kept = database.get(
    `SELECT risk, name, prevalence FROM records AS r JOIN risk_models AS m ON m.id = r.risk_model WHERE r.row = ?`,
    row,
  );
  if (kept === null) return null;
  return {
    p: Number(kept["risk"]),
    prevalence: Number(kept["prevalence"]),
    model: String(kept["name"]),
  };
}

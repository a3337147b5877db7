import type { Database } from "../sqlite.ts";

/** What a model said of a declaration's risk, kept beside it: a score takes it from there and waits for no model. */
export interface KeptRisk {
  /** Calibrated chance that an examination finds an irregularity, 0..1. */
  readonly p: number;
  /** Share of irregular declarations at which `p` was calibrated, inside 0..1. */
  readonly prevalence: number;
  /** `name@version` */
  readonly model: string;
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

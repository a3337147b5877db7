import type { Scan } from "../../scan.ts";
import type { Database } from "../database.ts";

/** Takes the sealed keys of a scan's planes out of the journal: what is left of their files somewhere is of no use. */
export function shredKeys(database: Database, scanId: string): void {
  const row = database.get(
    `SELECT scan FROM scans WHERE scan_id = ? AND instr(scan, '"sealed"') > 0`,
    scanId,
  );
  if (row === null) return;
  const scan = JSON.parse(String(row["scan"])) as Scan;
  const planes = scan.planes.map(({ cipher: _, ...plane }) => plane);
  database.run("UPDATE scans SET scan = ? WHERE scan_id = ?", JSON.stringify({ ...scan, planes }), scanId);
}

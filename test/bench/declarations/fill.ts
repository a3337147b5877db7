import { DeclarationFile } from "../../../device/declarations/file.ts";
import { put } from "../../../device/declarations/store.ts";
import type { Database } from "../../../device/sqlite.ts";
import type { Declaration } from "../../../protocols/declaration.ts";
import { manyDeclarations } from "../../fixtures/declaration-traffic.ts";

/** Of the traffic that fills a store. */
export const STORED_SEED = 11;
/** Declarations committed together, and pages held while filling, KiB: the disk is not what this measures. */
const STEP = 500_000;
const FILLING_CACHE_KIB = 1_500_000;

/** Fills a spool's store of declarations; returns how to make the `index`-th of them again. */
export function fillStore(path: string, count: number): (index: number) => Declaration {
  const declarationOf = manyDeclarations(STORED_SEED);
  const file = new DeclarationFile({ path, clock: Date.now });
  file.open();
  // Names come in any order: with the gateway's own few pages each would write a page of the log, 160 GB for ten million.
  file.read((database) => database.exec(`PRAGMA cache_size = -${FILLING_CACHE_KIB}`));
  const at = Date.now();
  for (let from = 0; from < count; from += STEP) {
    for (let index = from; index < Math.min(count, from + STEP); index += 1) {
      const declaration = declarationOf(index);
      file.write((database) => put(database, keptForMonths(declaration, at), [], at));
    }
    file.write((database) => withRisks(database, from));
    file.commit();
    file.settle();
  }
  file.shredded();
  file.settle();
  file.close();
  return declarationOf;
}

/** Beside each record after `row` stands what a model said of its risk, as on a gateway. */
function withRisks(database: Database, row: number): void {
  const model = ["declaration-risk@0.0.0", 0.2] as const;
  database.run("INSERT OR IGNORE INTO risk_models (id, name, prevalence) VALUES (1, ?, ?)", ...model);
  database.run("UPDATE records SET risk = (row % 997) / 997.0, risk_model = 1 WHERE row > ?", row);
}

/** The traffic's own times are past: what is to be found must not have expired. */
function keptForMonths(declaration: Declaration, at: number): Declaration {
  const retainUntil = new Date(at + 90 * 86_400_000).toISOString();
  return {
    ...declaration,
    privacy: { profile: "edge_min", keyEpoch: "k7", purpose: "risk_assessment", retainUntil },
  };
}

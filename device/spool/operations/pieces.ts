import { canonicalKey, type Key } from "../../declarations/keys.ts";
import type { Database } from "../database.ts";
import type { CountedDeclaration } from "../port.ts";
import type { OperationContext } from "./context.ts";

/** Identifiers that one piece alone bears. */
const OF_ONE_PIECE: ReadonlySet<string> = new Set(["S10", "SSCC", "PARCEL_OTHER"]);
/** Identifiers that all pieces of a consignment bear; those of conveyances and products say nothing of pieces. */
const OF_ALL_PIECES: ReadonlySet<string> = new Set(["HAWB", "HOUSE_REF", "HBL", "UCR"]);
/** Readings looked at for one consignment, at most. */
const MAX_READINGS = 5000;

/**
 * How many different items were scanned under each declaration since `since`, ms since the epoch. A piece scanned again is
 * known by its own bar code. Where the pieces bear none, each scan is taken for another piece, unless only one was declared:
 * then it is that one again.
 */
export function countPieces(
  { database }: OperationContext,
  { declarations, since }: { declarations: readonly CountedDeclaration[]; since: number },
): Record<string, number> {
  return Object.fromEntries(declarations.map((one) => [one.aedId, countOf(database, one, since)]));
}

function countOf(
  database: Database,
  { identifiers, packageCount }: CountedDeclaration,
  since: number,
): number {
  const keys = identifiers.map(canonicalKey);
  const masters = new Set(keys.filter(({ scheme }) => scheme === "MAWB").map(({ value }) => value));
  const scans = new Map<string, Key[]>();
  for (const { scheme, value } of keys) {
    if (!OF_ONE_PIECE.has(scheme) && !OF_ALL_PIECES.has(scheme)) continue;
    for (const [scanId, read] of scansUnder(database, scheme, value, since)) {
      // A house waybill is one of its master only.
      const counts = scheme !== "HAWB" || read.some((key) => key.scheme === "MAWB" && masters.has(key.value));
      if (counts) scans.set(scanId, read);
    }
  }
  const named = new Set<string>();
  let unnamed = 0;
  for (const read of scans.values()) {
    const own = read.filter(({ scheme }) => OF_ONE_PIECE.has(scheme)).map(nameOf);
    const [first] = own.toSorted();
    if (first === undefined) unnamed += 1;
    else named.add(first);
  }
  return named.size + (packageCount > 1 ? unnamed : Math.min(unnamed, named.size === 0 ? 1 : 0));
}

function scansUnder(database: Database, scheme: string, value: string, since: number): Map<string, Key[]> {
  const scans = new Map<string, Key[]>();
  const rows = database.all(
    `SELECT other.scan_id, other.scheme, other.value FROM scan_keys AS k
     JOIN scan_keys AS other ON other.scan_id = k.scan_id
     WHERE k.scheme = ? AND k.value = ? AND k.received_at >= ? LIMIT ${MAX_READINGS}`,
    scheme,
    value,
    since,
  );
  for (const row of rows) {
    const scanId = String(row["scan_id"]);
    const read = scans.get(scanId) ?? [];
    read.push({ scheme: String(row["scheme"]), value: String(row["value"]) });
    scans.set(scanId, read);
  }
  return scans;
}

function nameOf({ scheme, value }: Key): string {
  return `${scheme} ${value}`;
}

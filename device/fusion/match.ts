import { canonicalIdentifier } from "../../protocols/identifiers/canonical.ts";
import type { IdentifierScheme } from "../../protocols/vocabulary.ts";
import type { ItemIdentifier, Scan } from "../scan.ts";
import type { StoredDeclaration } from "../spool/port.ts";
import type { FusionSettings } from "./input.ts";
import { compareMass } from "./mass.ts";

/** An identifier of the item that a declaration carries too. */
export interface MatchedBy {
  readonly scheme: IdentifierScheme;
  /** Canonical. */
  readonly value: string;
  readonly source: ItemIdentifier["source"];
}

/** A declaration that belongs to the scanned item by the rules of `mqtt.md`, Declaration "Matching". */
export interface Match {
  readonly stored: StoredDeclaration;
  readonly matchedBy: MatchedBy;
  /** How many different identifiers agree. */
  readonly keys: number;
}

/**
 * Schemes from the one that names a single item to the one that many consignments share. A GTIN names a product, not a
 * consignment: it never matches.
 */
const SCHEME_ORDER: readonly IdentifierScheme[] = [
  ...(["S10", "SSCC", "PARCEL_OTHER", "HAWB", "HOUSE_REF", "HBL", "UCR", "MRN"] as const),
  ...(["ISO6346", "ULD", "S9_RECEPTACLE", "BL", "MAWB", "SEAL"] as const),
];
const SHARED: ReadonlySet<string> = new Set(["MRN", "ISO6346", "ULD", "S9_RECEPTACLE", "BL", "MAWB", "SEAL"]);
const SOURCE_ORDER: readonly ItemIdentifier["source"][] = ["barcode", "operator", "scanner", "dicos", "ocr"];
/** A postal operator may use an S10 again after 12 months (UPU S10). */
const S10_MONTHS = 12;

/** Whether several consignments may stand under one identifier of this scheme. */
export function isShared(scheme: string): boolean {
  return SHARED.has(scheme);
}

/**
 * The declarations that belong to the item, best match first; the order of `stored` and of the scan's identifiers does
 * not count. Of several revisions under one aedId the highest stands.
 */
export function matchDeclarations(
  scan: Scan,
  stored: readonly StoredDeclaration[],
  settings: Pick<FusionSettings, "massTolerance" | "xrayMassTolerance">,
): readonly Match[] {
  const read = usable(scan.identifiers);
  return latestRevisions(stored)
    .flatMap((candidate) => matchOne(scan, read, candidate, settings) ?? [])
    .sort(compareMatches);
}

function matchOne(
  scan: Scan,
  read: readonly ItemIdentifier[],
  stored: StoredDeclaration,
  settings: Pick<FusionSettings, "massTolerance" | "xrayMassTolerance">,
): Match | null {
  const declared = usable(stored.declaration.identifiers ?? []);
  const common = read.filter((key) => declared.some((other) => sameKey(key, other)));
  const keys = common.filter((key) => mayMatch(key, { scan, read, declared, common, stored }));
  const [best] = keys.toSorted(compareKeys);
  if (best === undefined) return null;
  const count = new Set(keys.map((key) => `${key.scheme} ${key.value}`)).size;
  const matchedBy = { scheme: best.scheme as IdentifierScheme, value: best.value, source: best.source };
  const confirmed = keys.some((key) => key.source !== "ocr") || count > 1;
  const weighed = compareMass({ scan, analysis: null, settings }, stored.declaration, matchedBy);
  if (!confirmed && !(weighed?.agrees === true && weighed.by === "scale")) return null;
  return { stored, matchedBy, keys: count };
}

/**
 * Whether a declaration with these identifiers can be the item's at all: what is left of the rules without the
 * declaration's own times and masses. Under one master waybill pass a thousand items that are no business of one house.
 */
export function mayConcern(
  scan: Pick<Scan, "identifiers">,
  identifiers: readonly { readonly scheme: string; readonly value: string }[],
): boolean {
  const read = usable(scan.identifiers);
  const declared = usable(identifiers);
  const common = read.filter((key) => declared.some((other) => sameKey(key, other)));
  return common.some((key) => mayMatchScheme(key, { read, declared, common }));
}

interface KeyContext {
  readonly scan: Scan;
  readonly read: readonly ItemIdentifier[];
  readonly declared: readonly { readonly scheme: string; readonly value: string }[];
  readonly common: readonly ItemIdentifier[];
  readonly stored: StoredDeclaration;
}

/** Rules of single schemes. */
function mayMatch(key: ItemIdentifier, context: KeyContext): boolean {
  if (!mayMatchScheme(key, context)) return false;
  if (key.scheme !== "S10") return true;
  return withinMonths(Date.parse(declaredAt(context.stored)), context.scan.capturedAt, S10_MONTHS);
}

function mayMatchScheme(
  key: ItemIdentifier,
  { read, declared, common }: Pick<KeyContext, "read" | "declared" | "common">,
): boolean {
  const has = (list: readonly { readonly scheme: string }[], scheme: string) =>
    list.some((one) => one.scheme === scheme);
  if (key.scheme === "HAWB") return has(common, "MAWB");
  // The item's own house waybill is known and is another one: the shared master says nothing then.
  if (key.scheme === "MAWB") return has(common, "HAWB") || !(has(read, "HAWB") && has(declared, "HAWB"));
  return SCHEME_ORDER.includes(key.scheme as IdentifierScheme);
}

function declaredAt({ declaration }: StoredDeclaration): string {
  return declaration.issuedAt ?? declaration.receivedAt;
}

/** Whether two instants, ms since the epoch, are at most `months` calendar months (UTC) apart. */
function withinMonths(one: number, other: number, months: number): boolean {
  const limit = new Date(Math.min(one, other));
  limit.setUTCMonth(limit.getUTCMonth() + months);
  return Math.max(one, other) <= limit.getTime();
}

/** Identifiers whose check digit does not fail, canonical. */
function usable<
  Key extends {
    readonly scheme: string;
    readonly value: string;
    readonly checkOk?: boolean | null | undefined;
  },
>(keys: readonly Key[]): readonly Key[] {
  return keys
    .filter((key) => key.checkOk !== false)
    .map((key) => ({ ...key, value: canonicalIdentifier(key.scheme as IdentifierScheme, key.value) }));
}

function latestRevisions(stored: readonly StoredDeclaration[]): readonly StoredDeclaration[] {
  const latest = new Map<string, StoredDeclaration>();
  for (const one of stored) {
    if (one.declaration.function === "cancel") continue;
    const known = latest.get(one.declaration.aedId);
    if (known === undefined || known.declaration.revision < one.declaration.revision)
      latest.set(one.declaration.aedId, one);
  }
  return [...latest.values()];
}

function sameKey(one: { scheme: string; value: string }, other: { scheme: string; value: string }): boolean {
  return one.scheme === other.scheme && one.value === other.value;
}

/** Keys that were read surely before those that were recognised in a picture, then single items before shared ones. */
function compareKeys(
  one: Omit<MatchedBy, "scheme"> & { scheme: string },
  other: Omit<MatchedBy, "scheme"> & { scheme: string },
): number {
  return (
    Number(one.source === "ocr") - Number(other.source === "ocr") ||
    SCHEME_ORDER.indexOf(one.scheme as IdentifierScheme) -
      SCHEME_ORDER.indexOf(other.scheme as IdentifierScheme) ||
    SOURCE_ORDER.indexOf(one.source) - SOURCE_ORDER.indexOf(other.source) ||
    compareText(one.value, other.value)
  );
}

/** Then more keys, then the declaration issued later; the aedId only settles the order. */
function compareMatches(one: Match, other: Match): number {
  return (
    Number(one.matchedBy.source === "ocr") - Number(other.matchedBy.source === "ocr") ||
    SCHEME_ORDER.indexOf(one.matchedBy.scheme) - SCHEME_ORDER.indexOf(other.matchedBy.scheme) ||
    other.keys - one.keys ||
    Date.parse(declaredAt(other.stored)) - Date.parse(declaredAt(one.stored)) ||
    compareText(one.stored.declaration.aedId, other.stored.declaration.aedId)
  );
}

/** Order of code units, the same on any machine. */
function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

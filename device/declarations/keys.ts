import { hash } from "node:crypto";
import { canonicalIdentifier } from "../../protocols/identifiers/canonical.ts";
import type { IdentifierScheme } from "../../protocols/vocabulary.ts";

/** An identifier as it is looked up. */
export interface Key {
  readonly scheme: string;
  readonly value: string;
}

/** Pairs of a house and a master waybill looked up for one item or kept of one declaration, at most. */
export const MAX_PAIRS = 64;
/** Schemes under which many consignments may stand: looked up after those that name one. */
const SHARED: ReadonlySet<string> = new Set(["MRN", "ISO6346", "ULD", "S9_RECEPTACLE", "BL", "MAWB", "SEAL"]);

/** The canonical form, in which keys are stored and compared. */
export function canonicalKey({ scheme, value }: Key): Key {
  return { scheme, value: canonicalIdentifier(scheme as IdentifierScheme, value) };
}

/**
 * The names under which a declaration is found, or an item looks for one, those of a single consignment first. A house
 * waybill is unique only beside its master, so that the pair is one name and the house alone none; a GTIN names a product.
 */
export function keyNames(identifiers: readonly Key[]): readonly string[] {
  const keys = identifiers.map(canonicalKey);
  const masters = keys.filter(({ scheme }) => scheme === "MAWB");
  const pairs = keys
    .filter(({ scheme }) => scheme === "HAWB")
    .flatMap((house) => masters.map((master) => `HAWB ${master.value} ${house.value}`))
    .slice(0, MAX_PAIRS);
  const plain = keys.filter(({ scheme }) => scheme !== "HAWB" && scheme !== "GTIN");
  const single = plain.filter(({ scheme }) => !SHARED.has(scheme));
  const shared = plain.filter(({ scheme }) => SHARED.has(scheme));
  const names = [...single, ...shared].map(({ scheme, value }) => `${scheme} ${value}`);
  return [...new Set([...names.slice(0, single.length), ...pairs, ...names.slice(single.length)])];
}

/** The name of a declaration's own id. */
export function idName(aedId: string): string {
  return `aedId ${aedId.toLowerCase()}`;
}

/** The name of a consignee's token, by which consignments to one address are counted. */
export function consigneeName(token: string): string {
  return `consignee ${token}`;
}

/**
 * 48 bits of SHA-256: what stands in the index instead of the name, a third of its size. Two names may share it, so that
 * whoever looks one up compares the record itself.
 */
export function nameHash(name: string): number {
  return Number.parseInt(hash("sha256", name, "hex").slice(0, 12), 16) - 2 ** 47;
}

import type { Declaration } from "../../protocols/declaration.ts";

/** A field that a regime requires, and is not there. */
export interface MissingField {
  /** WCO-style. */
  readonly pointer: string;
  /** For people. */
  readonly name: string;
}

interface Field extends MissingField {
  /** Share of the regime's completeness, before the sum is brought to 1. */
  readonly weight: number;
  readonly has: (declaration: Declaration) => boolean;
}

const every = <T>(list: readonly T[] | undefined, has: (one: T) => boolean): boolean =>
  (list?.length ?? 0) > 0 && (list ?? []).every(has);

const CONSIGNOR: Field = {
  pointer: "42A/30A",
  name: "consignor",
  weight: 2,
  has: ({ parties }) => parties?.consignor !== undefined,
};
const CONSIGNEE: Field = {
  pointer: "42A/27A",
  name: "consignee",
  weight: 2,
  has: ({ parties }) => parties?.consignee !== undefined,
};
const COUNTRY: Field = {
  pointer: "42A/27A/242",
  name: "country of the consignee",
  weight: 1,
  has: ({ parties }) => parties?.consignee === undefined || parties.consignee.country !== undefined,
};
const CATEGORY: Field = {
  pointer: "42A/67A",
  name: "nature of the consignment",
  weight: 1,
  has: ({ consignment }) => consignment?.category !== undefined,
};
const VALUE: Field = {
  pointer: "42A/109",
  name: "total value",
  weight: 2,
  has: ({ consignment }) => consignment?.totalValue !== undefined,
};
const QUANTITY: Field = {
  pointer: "42A/67A/68A[1]/65A",
  name: "quantity of each item",
  weight: 1,
  has: ({ items }) => every(items, (item) => item.quantity !== undefined),
};
const ITEM_VALUE: Field = {
  pointer: "42A/67A/68A[1]/23A/108",
  name: "value of each item",
  weight: 1,
  has: ({ items }) => every(items, (item) => item.value !== undefined),
};
const HS: Field = {
  pointer: "42A/67A/68A[1]/23A",
  name: "HS code of each item",
  weight: 2,
  has: ({ items }) => every(items, (item) => item.hs6 !== undefined),
};
const UCR: Field = {
  pointer: "42A/35B/009",
  name: "UCR",
  weight: 1,
  has: ({ identifiers }) => (identifiers ?? []).some(({ scheme }) => scheme === "UCR"),
};
const MASTER: Field = {
  pointer: "42A/30B/D023",
  name: "master waybill",
  weight: 1,
  has: ({ identifiers }) => (identifiers ?? []).some(({ scheme }) => scheme === "MAWB"),
};
const PLACES: Field = {
  pointer: "42A/28A",
  name: "places of loading and discharge",
  weight: 1,
  has: ({ transport }) => transport?.loadPlace !== undefined && transport.dischargePlace !== undefined,
};
const EQUIPMENT: Field = {
  pointer: "42A/31B/159",
  name: "container",
  weight: 1,
  has: ({ equipment, identifiers }) =>
    (equipment?.length ?? 0) > 0 ||
    (identifiers ?? []).some(({ scheme }) => scheme === "ISO6346" || scheme === "ULD"),
};

/**
 * What each regime requires (`customs-standards.md` §2.1 to §2.4), beyond what the schema requires of all: mass has a metric of
 * its own (C3), so have HS codes of goods sold (C2) and origin (C5).
 */
const REQUIRED: Readonly<Partial<Record<NonNullable<Declaration["sourceRegime"]>, readonly Field[]>>> = {
  UPU_ITMATT: [CONSIGNOR, CONSIGNEE, COUNTRY, CATEGORY, VALUE, QUANTITY, ITEM_VALUE],
  UPU_CUSITM: [CONSIGNOR, CONSIGNEE, COUNTRY, CATEGORY, VALUE, QUANTITY, ITEM_VALUE],
  ICS2_F23: [CONSIGNOR, CONSIGNEE, COUNTRY],
  ICS2_F24: [CONSIGNOR, CONSIGNEE, COUNTRY, MASTER],
  ICS2_F32: [CONSIGNOR, CONSIGNEE, COUNTRY, UCR],
  ICS2_F43: [CONSIGNOR, CONSIGNEE, COUNTRY],
  IATA_XFZB: [CONSIGNOR, CONSIGNEE, MASTER, HS, PLACES],
  IATA_XFHL: [MASTER],
  WCO_DEC: [CONSIGNOR, CONSIGNEE, VALUE, HS],
  CARGO_REPORT: [EQUIPMENT, PLACES],
};

/** The required fields that are missing, and the share of the regime's weights that they are. */
export function fieldsMissing(declaration: Declaration): {
  readonly missing: readonly MissingField[];
  readonly share: number;
} {
  const required = REQUIRED[declaration.sourceRegime ?? "OTHER"] ?? [];
  const missing = required.filter((field) => !field.has(declaration));
  const sum = (fields: readonly Field[]) => fields.reduce((total, { weight }) => total + weight, 0);
  return { missing, share: required.length === 0 ? 0 : sum(missing) / sum(required) };
}

import { z } from "zod";
import { LynceusError } from "../../errors.ts";
import { describeIssue } from "../../schema-issue.ts";
import { IDENTIFIER_SCHEMES } from "../../vocabulary.ts";
import { CSV_LIMITS } from "./csv-rows.ts";

/** Parties that columns can name. */
export const PARTY_ROLES = [
  "consignor",
  "consignee",
  "seller",
  "buyer",
  "platform",
  "declarant",
  "carrier",
] as const;
/** What columns can say of a party. */
export const PARTY_MEMBERS = [
  "name",
  "business",
  "street",
  "city",
  "postcode",
  "country",
  "phone",
  "email",
  "taxId",
  "kind",
] as const;

/** What a column of a table can be. Masses are in kg unless `massUnit` says otherwise (`KGM`, `GRM`, `LBR`). */
export const COLUMN_TARGETS: readonly string[] = [
  ...[
    "reference",
    "aedId",
    "revision",
    "function",
    "sourceRegime",
    "direction",
    "flow",
    "issuedAt",
    "declarationRef",
  ],
  ...IDENTIFIER_SCHEMES.map((scheme) => `identifier.${scheme}`),
  ...[
    "mode",
    "conveyanceRef",
    "imo",
    "loadPlace",
    "dischargePlace",
    "originOe",
    "destinationOe",
    "etd",
    "eta",
    "ata",
  ].map((name) => `transport.${name}`),
  ...PARTY_ROLES.flatMap((role) => PARTY_MEMBERS.map((name) => `${role}.${name}`)),
  ...["category", "irgCategory", "packageCount", "grossMass", "massUnit", "volumeM3"].map(
    (name) => `consignment.${name}`,
  ),
  ...["totalValue.amount", "totalValue.currency", "postalCharges.amount", "postalCharges.currency"],
  ...[
    "description",
    "descriptionLang",
    "hs",
    "hsEdition",
    "quantity",
    "quantityUnit",
    "netMass",
    "grossMass",
    "massUnit",
  ].map((name) => `item.${name}`),
  ...["value.amount", "value.currency", "originCountry", "packages", "packageType", "undg"].map(
    (name) => `item.${name}`,
  ),
  ...["id", "kind", "sizeType", "load", "seals"].map((name) => `equipment.${name}`),
];

const mapSchema = z.strictObject({
  /** Between two fields; a comma where it is not said. */
  delimiter: z.string().length(1).optional(),
  /** Name of the column → what it is. */
  columns: z.record(z.string().max(256), z.string()),
  /** What stands for a column that the table does not have. */
  defaults: z.record(z.string(), z.string().max(512)).optional(),
  /** What → the sender's word → ours. */
  values: z.record(z.string(), z.record(z.string().max(256), z.string().max(512))).optional(),
});

/** Which column of a sender's table is what. */
export interface ColumnMap {
  readonly delimiter: string;
  readonly defaults: Readonly<Record<string, string>>;
  /** The target of each column of the header, null for one that is not read. Throws where a column of the map is not there. */
  targetsOf(header: readonly string[]): readonly (string | null)[];
  /** The word of the vocabulary for a sender's own. */
  translate(target: string, value: string): string;
}

/** Columns that are named by {@link COLUMN_TARGETS} themselves. */
export const PLAIN_MAP: ColumnMap = {
  delimiter: ",",
  defaults: {},
  targetsOf: (header) => {
    const targets = header.map((name) => (COLUMN_TARGETS.includes(name.trim()) ? name.trim() : null));
    if (targets.every((target) => target === null)) throw refused("", "no column has the name of a target");
    return targets;
  },
  translate: (_target, value) => value,
};

/**
 * Reads a column map: `{ "delimiter": ";", "columns": { "Item No": "identifier.S10", … }, "defaults": { "flow": "postal" },
 * "values": { "consignment.category": { "Geschenk": "gift" } } }`.
 *
 * @throws LynceusError `LYN_DECLARATION_MAP` that names the first fault, with the nearest target.
 */
export function readColumnMap(json: unknown): ColumnMap {
  const parsed = mapSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refused(issue?.path.join(".") ?? "", issue === undefined ? "it is none" : describeIssue(issue));
  }
  const { delimiter = ",", columns, defaults = {}, values = {} } = parsed.data;
  if (Object.keys(columns).length > CSV_LIMITS.columns) throw refused("columns", "there are too many");
  for (const target of [...Object.values(columns), ...Object.keys(defaults), ...Object.keys(values)]) {
    if (COLUMN_TARGETS.includes(target)) continue;
    throw refused(target.slice(0, 60), `no column can be this; the nearest is ${nearest(target)}`);
  }
  const words = new Map(
    Object.entries(values).map(([target, table]) => [target, new Map(Object.entries(table))]),
  );
  return {
    delimiter,
    defaults,
    targetsOf: (header) => {
      const names = header.map((name) => name.trim());
      const missing = Object.keys(columns).find((name) => !names.includes(name));
      if (missing !== undefined) throw refused(missing, "the table has no column of this name");
      return names.map((name) => (Object.hasOwn(columns, name) ? (columns[name] ?? null) : null));
    },
    translate: (target, value) => words.get(target)?.get(value) ?? value,
  };
}

function refused(where: string, why: string): LynceusError {
  return new LynceusError(
    "LYN_DECLARATION_MAP",
    `The column map${where === "" ? "" : ` at ${where}`}: ${why}`,
    {
      remedy: "See the targets that a column can have with `lynceus declarations convert --targets`.",
      details: { where, why },
    },
  );
}

/** The target that shares most pairs of letters. */
function nearest(text: string): string {
  const pairs = (word: string) =>
    new Set([...word.toLowerCase()].slice(1).map((letter, at) => word.toLowerCase()[at] + letter));
  const wanted = pairs(text);
  const shared = (target: string) => {
    const own = pairs(target);
    return [...own].filter((pair) => wanted.has(pair)).length / (own.size + wanted.size || 1);
  };
  return COLUMN_TARGETS.toSorted((one, other) => shared(other) - shared(one))[0] ?? "";
}

import { IDENTIFIER_SCHEMES } from "../../vocabulary.ts";
import type { DeclarationFinding } from "../parse.ts";
import type { SOURCE_REGIMES } from "../schema.ts";
import { type ColumnMap, PARTY_MEMBERS, PARTY_ROLES } from "./csv-map.ts";
import { type CsvRow, readCsv } from "./csv-rows.ts";
import {
  type AdapterOptions,
  type AdapterResult,
  defined,
  finish,
  identifierOf,
  resultOf,
  someOf,
} from "./draft.ts";
import { partyOf } from "./party.ts";
import { categoryOf, filled, hsOf, massOf, moneyOf, numberOf, timeOf } from "./values.ts";

/** Rows that belong to one declaration, by the targets of their columns. */
type Row = ReadonlyMap<string, string>;

const CODES = ["sourceRegime", "direction", "flow", "function", "declarationRef"] as const;

/**
 * Declarations out of a table, one row a goods item: rows of the same `reference` (or, without one, of the same first
 * identifier) are items of one declaration, whose other members come from its first row.
 *
 * @param map which column is what; without one the columns are named by `COLUMN_TARGETS` themselves.
 * @throws LynceusError `LYN_DECLARATION_CSV` for what is no table, `LYN_DECLARATION_MAP` for a map that does not fit it.
 */
export function declarationsOfCsv(text: string, map: ColumnMap, options: AdapterOptions): AdapterResult {
  const [header = [], ...lines] = readCsv(text, map.delimiter);
  const targets = map.targetsOf(header);
  const groups = new Map<string, { at: number; rows: Row[] }>();
  for (const [index, line] of lines.entries()) {
    const row = rowOf(line, targets, map);
    const reference = row.get("reference") ?? firstIdentifier(row) ?? `row ${index + 2}`;
    const group = groups.get(reference) ?? { at: index + 2, rows: [] };
    group.rows.push(row);
    groups.set(reference, group);
  }
  return resultOf(
    [...groups].map(([reference, { at, rows }]) => declarationOf(reference, rows, options, at)),
  );
}

function rowOf(line: CsvRow, targets: readonly (string | null)[], map: ColumnMap): Row {
  const row = new Map<string, string>(Object.entries(map.defaults));
  for (const [index, target] of targets.entries()) {
    const value = filled(line[index]);
    if (target !== null && value !== undefined) row.set(target, map.translate(target, value));
  }
  return row;
}

function firstIdentifier(row: Row): string | undefined {
  const scheme = IDENTIFIER_SCHEMES.find((one) => row.has(`identifier.${one}`));
  return scheme === undefined ? undefined : `${scheme} ${row.get(`identifier.${scheme}`)}`;
}

function declarationOf(reference: string, rows: readonly Row[], options: AdapterOptions, at: number) {
  const [first = new Map<string, string>()] = rows;
  const notes: DeclarationFinding[] = [];
  const note = (pointer: string, message: string) => notes.push({ metric: "K1", pointer, message });
  const get = (target: string) => first.get(target);
  const money = (target: string) =>
    moneyOf(get(`${target}.amount`), get(`${target}.currency`), `/consignment/${target}`, note);
  const packages = numberOf(get("consignment.packageCount"), "/consignment/packageCount", note);
  if (packages === undefined && get("flow") !== "postal" && options.flow !== "postal")
    notes.push({ metric: "C1", pointer: "/consignment/packageCount", message: "is missing, taken for one" });
  const members = {
    ...Object.fromEntries(CODES.map((code) => [code, get(code)])),
    aedId: get("aedId"),
    revision: numberOf(get("revision"), "/revision", note),
    issuedAt: timeOf(get("issuedAt"), "/issuedAt", note),
    identifiers: IDENTIFIER_SCHEMES.flatMap(
      (scheme) => identifierOf(scheme, get(`identifier.${scheme}`)) ?? [],
    ),
    transport: someOf({
      ...part(first, "transport.", [
        "mode",
        "conveyanceRef",
        "imo",
        "loadPlace",
        "dischargePlace",
        "originOe",
        "destinationOe",
      ]),
      etd: timeOf(get("transport.etd"), "/transport/etd", note),
      eta: timeOf(get("transport.eta"), "/transport/eta", note),
      ata: timeOf(get("transport.ata"), "/transport/ata", note),
    }),
    parties: someOf(
      Object.fromEntries(
        PARTY_ROLES.map((role) => [role, partyOf(part(first, `${role}.`, PARTY_MEMBERS), options)]),
      ),
    ),
    consignment: defined({
      packageCount: packages ?? 1,
      category: categoryOf(get("consignment.category"), "/consignment/category", note),
      irgCategory: numberOf(get("consignment.irgCategory"), "/consignment/irgCategory", note),
      grossMassKg: massOf(
        get("consignment.grossMass"),
        get("consignment.massUnit"),
        "/consignment/grossMassKg",
        note,
      ),
      volumeM3: numberOf(get("consignment.volumeM3"), "/consignment/volumeM3", note),
      totalValue: money("totalValue"),
      postalCharges: money("postalCharges"),
    }),
    items: rows.flatMap((row, index) => itemOf(row, index, note) ?? []),
    equipment: equipmentOf(first),
  };
  const regime = (get("sourceRegime") ?? "OTHER") as (typeof SOURCE_REGIMES)[number];
  return finish({ reference, sourceRegime: regime, members, notes }, options, at);
}

function itemOf(row: Row, index: number, note: (pointer: string, message: string) => void): object | null {
  const get = (target: string) => row.get(`item.${target}`);
  const here = `/items/${index}`;
  const description = get("description");
  if (description === undefined && get("hs") === undefined) return null;
  return defined({
    seq: index + 1,
    description: description ?? "-",
    descriptionLang: get("descriptionLang"),
    ...hsOf(get("hs"), `${here}/hs6`, note),
    hsEdition: get("hsEdition"),
    quantity: numberOf(get("quantity"), `${here}/quantity`, note),
    quantityUnit: get("quantityUnit"),
    netMassKg: massOf(get("netMass"), get("massUnit"), `${here}/netMassKg`, note),
    grossMassKg: massOf(get("grossMass"), get("massUnit"), `${here}/grossMassKg`, note),
    value: moneyOf(get("value.amount"), get("value.currency"), `${here}/value`, note),
    originCountry: get("originCountry")?.toUpperCase(),
    packages: numberOf(get("packages"), `${here}/packages`, note),
    packageType: get("packageType")?.toUpperCase(),
    undg: get("undg"),
  });
}

function equipmentOf(row: Row): object[] | undefined {
  const id = row.get("equipment.id");
  if (id === undefined) return undefined;
  const seals = row
    .get("equipment.seals")
    ?.split(/[\s,;|]+/)
    .filter((seal) => seal !== "");
  return [defined({ id, ...part(row, "equipment.", ["kind", "sizeType", "load"]), seals })];
}

function part<Key extends string>(
  row: Row,
  prefix: string,
  keys: readonly Key[],
): Partial<Record<Key, string>> {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = row.get(prefix + key);
      return value === undefined ? [] : [[key, value]];
    }),
  ) as Partial<Record<Key, string>>;
}

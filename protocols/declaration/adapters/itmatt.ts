import { LynceusError } from "../../errors.ts";
import type { DeclarationFinding } from "../parse.ts";
import {
  type Adapted,
  type AdapterFault,
  type AdapterOptions,
  type AdapterResult,
  defined,
  finish,
  identifierOf,
  type Note,
  resultOf,
  someOf,
} from "./draft.ts";
import { type PartyText, partyOf } from "./party.ts";
import { categoryOf, filled, hsOf, massOf, moneyOf, numberOf, timeOf } from "./values.ts";

/** Bounds of a message: one beyond them is refused as a whole. */
export const ITMATT_LIMITS = { characters: 16_000_000, items: 100_000, pieces: 9999 } as const;

type Json = Record<string, unknown>;

/**
 * Declarations out of JSON with the content of a CN 22, CN 23 or ITMATT (UPU M33): one postal item, a list of them, or an
 * object that holds the list. Names of members are found however a system writes them (`grossWeight`, `gross_weight`,
 * `Gross Weight`); masses are in kg unless a unit stands beside them.
 *
 * @throws LynceusError `LYN_DECLARATION_JSON` for what is no JSON, holds no item or is beyond {@link ITMATT_LIMITS}.
 */
export function declarationsOfItmatt(text: string, options: AdapterOptions): AdapterResult {
  const items = itemsOf(parse(text));
  if (items.length > ITMATT_LIMITS.items) throw refused(`it has more than ${ITMATT_LIMITS.items} items`);
  const postal = { flow: "postal", ...options } as const;
  return resultOf(items.map((item, index) => declarationOf(item, postal, index + 1)));
}

function parse(text: string): unknown {
  if (text.length > ITMATT_LIMITS.characters)
    throw refused(`it has more than ${ITMATT_LIMITS.characters} characters`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message quotes the text.
    throw refused("it is no JSON");
  }
}

function itemsOf(json: unknown): readonly unknown[] {
  if (Array.isArray(json)) return json;
  if (!isRecord(json)) throw refused("it is no object and no list");
  const inner = pick(json, "mailItems", "postalItems", "items", "itmatt", "message", "data");
  if (Array.isArray(inner) && pick(json, "contents", ...PIECES.slice(1)) === undefined && !hasNumber(json))
    return inner;
  return isRecord(inner) && !hasNumber(json) ? itemsOf(inner) : [json];
}

const NUMBER = [
  "itemId",
  "itemIdentifier",
  "s10",
  "s10Barcode",
  "barcode",
  "trackingNumber",
  "mailItemId",
  "itemNumber",
] as const;
const PIECES = ["contents", "contentPieces", "contentPiece", "articles", "pieces", "goods", "items"] as const;

function hasNumber(json: Json): boolean {
  return pick(json, ...NUMBER) !== undefined;
}

function declarationOf(item: unknown, options: AdapterOptions, at: number): Adapted | AdapterFault {
  if (!isRecord(item)) return { at, pointer: "", message: "is not an object" };
  const notes: DeclarationFinding[] = [];
  const note: Note = (pointer, message) => notes.push({ metric: "K1", pointer, message });
  const number = textOf(item, ...NUMBER);
  const pieces = pick(item, ...PIECES);
  const list = Array.isArray(pieces) ? pieces.slice(0, ITMATT_LIMITS.pieces) : [];
  const currency = textOf(item, "currency", "currencyCode", "totalValueCurrency");
  const unit = textOf(item, "weightUnit", "massUnit", "unitOfWeight");
  const members = {
    function: functionOf(item),
    revision: numberOf(textOf(item, "revision", "version"), "/revision", note),
    direction: filled(textOf(item, "direction"))?.toLowerCase(),
    issuedAt: timeOf(
      textOf(item, "issuedAt", "messageDateTime", "postingDateTime", "dateOfPosting", "date"),
      "/issuedAt",
      note,
    ),
    identifiers: [
      identifierOf("S10", number, "item"),
      identifierOf("S9_RECEPTACLE", textOf(item, "receptacle", "receptacleId")),
    ].filter((one) => one !== null),
    transport: someOf({
      originOe: officeOf(textOf(item, "originOe", "originOffice", "officeOfOrigin", "originImpc")),
      destinationOe: officeOf(textOf(item, "destinationOe", "destinationOffice", "destinationImpc")),
      eta: timeOf(textOf(item, "eta", "estimatedArrival"), "/transport/eta", note),
    }),
    parties: someOf({
      consignor: partyOf(partyText(pick(item, "sender", "consignor", "from")), options),
      consignee: partyOf(
        partyText(pick(item, "addressee", "recipient", "receiver", "consignee", "to")),
        options,
      ),
    }),
    consignment: defined({
      packageCount: 1,
      category: categoryOf(
        textOf(item, "category", "natureOfTransaction", "natureType", "categoryOfItem", "transactionNature"),
        "/consignment/category",
        note,
      ),
      grossMassKg: weightOf(
        item,
        ["grossWeight", "totalGrossWeight", "totalWeight", "weight", "grossMassKg"],
        unit,
        "/consignment/grossMassKg",
        note,
      ),
      totalValue: amountOf(
        item,
        ["totalValue", "declaredValue", "value"],
        currency,
        "/consignment/totalValue",
        note,
      ),
      postalCharges: amountOf(
        item,
        ["postalCharges", "postage", "postageAmount"],
        currency,
        "/consignment/postalCharges",
        note,
      ),
    }),
    items: list.flatMap((piece, index) => pieceOf(piece, index, { currency, unit, note }) ?? []),
  };
  const reference = number ?? filled(textOf(item, "id", "localId", "reference")) ?? `item ${at}`;
  return finish(
    {
      reference: `${reference} ${members.issuedAt?.slice(0, 4) ?? ""}`,
      sourceRegime: "UPU_ITMATT",
      members,
      notes,
    },
    options,
    at,
  );
}

interface Around {
  readonly currency: string | undefined;
  readonly unit: string | undefined;
  readonly note: Note;
}

function pieceOf(piece: unknown, index: number, { currency, unit, note }: Around): object | null {
  if (!isRecord(piece)) return null;
  const here = `/items/${index}`;
  const own = textOf(piece, "weightUnit", "massUnit") ?? unit;
  return defined({
    seq: index + 1,
    description:
      filled(textOf(piece, "description", "detailedDescription", "contentDescription", "goodsDescription")) ??
      "-",
    ...hsOf(
      pick(piece, "hsCode", "hs", "hs6", "hsTariffNumber", "tariffNumber", "tariffHeading", "hsTariffCode"),
      `${here}/hs6`,
      note,
    ),
    quantity: numberOf(textOf(piece, "quantity", "numberOfUnits", "units"), `${here}/quantity`, note),
    netMassKg: weightOf(piece, ["netWeight", "weight", "netMassKg"], own, `${here}/netMassKg`, note),
    value: amountOf(
      piece,
      ["value", "declaredValue", "amount"],
      textOf(piece, "currency", "currencyCode") ?? currency,
      `${here}/value`,
      note,
    ),
    originCountry: filled(
      textOf(piece, "countryOfOrigin", "originCountry", "origin", "originCountryCode"),
    )?.toUpperCase(),
  });
}

/** A mass, as a figure or as `{ value, unit }`, or in a member that names grams. */
function weightOf(
  json: Json,
  names: readonly string[],
  unit: string | undefined,
  pointer: string,
  note: Note,
): number | undefined {
  const grams = textOf(json, ...names.flatMap((name) => [`${name}Grams`, `${name}G`]));
  if (grams !== undefined) return massOf(grams, "GRM", pointer, note);
  const given = pick(json, ...names, ...names.map((name) => `${name}Kg`));
  if (!isRecord(given)) return massOf(scalar(given), unit, pointer, note);
  return massOf(
    textOf(given, "value", "amount", "weight"),
    textOf(given, "unit", "unitCode", "uom") ?? unit,
    pointer,
    note,
  );
}

/** An amount, as a figure with the currency beside it or as `{ amount, currency }`. */
function amountOf(
  json: Json,
  names: readonly string[],
  currency: string | undefined,
  pointer: string,
  note: Note,
): object | undefined {
  const given = pick(json, ...names);
  if (!isRecord(given)) return moneyOf(scalar(given), currency, pointer, note);
  return moneyOf(
    textOf(given, "amount", "value"),
    textOf(given, "currency", "currencyCode") ?? currency,
    pointer,
    note,
  );
}

function partyText(given: unknown): PartyText {
  if (!isRecord(given)) return {};
  const inner = pick(given, "address", "postalAddress");
  const address = isRecord(inner) ? inner : given;
  const contact = pick(given, "contact", "contacts");
  const reach = isRecord(contact) ? contact : given;
  const names = [
    textOf(given, "firstName", "givenName"),
    textOf(given, "lastName", "familyName", "surname"),
  ].filter((part) => part !== undefined);
  return {
    name: textOf(given, "name", "fullName", "personName") ?? (names.length > 0 ? names.join(" ") : undefined),
    business: textOf(given, "business", "businessName", "company", "companyName", "organisation"),
    street: textOf(address, "street", "streetAddress", "addressLine1", "addressLine", "line1", "premises"),
    city: textOf(address, "city", "town", "locality"),
    postcode: textOf(address, "postcode", "postalCode", "zip", "zipCode"),
    country: textOf(address, "country", "countryCode"),
    phone: textOf(reach, "phone", "telephone", "tel", "mobile", "phoneNumber"),
    email: textOf(reach, "email", "emailAddress", "eMail"),
    taxId: textOf(
      given,
      "customsReference",
      "importerReference",
      "taxCode",
      "vat",
      "eori",
      "taxId",
      "vatNumber",
    ),
    kind: textOf(given, "kind", "type", "personType"),
  };
}

function functionOf(item: Json): string | undefined {
  const given = filled(textOf(item, "function", "messageFunction", "action"))?.toLowerCase();
  if (given === undefined) return undefined;
  if (/^(?:cancel|delete|deletion|1)/.test(given)) return "cancel";
  return /^(?:amend|update|change|replace|4|5)/.test(given) ? "amend" : "original";
}

function officeOf(text: string | undefined): string | undefined {
  const code = text?.trim().toUpperCase();
  return code !== undefined && /^[A-Z]{6}$/.test(code) ? code : undefined;
}

/** The first of these members that is there, however its name is written. */
function pick(json: Json, ...names: readonly string[]): unknown {
  const wanted = names.map(plain);
  let best: { rank: number; value: unknown } | null = null;
  for (const [key, value] of Object.entries(json)) {
    const rank = wanted.indexOf(plain(key));
    if (rank >= 0 && value !== null && (best === null || rank < best.rank)) best = { rank, value };
  }
  return best?.value;
}

function textOf(json: Json, ...names: readonly string[]): string | undefined {
  return scalar(pick(json, ...names));
}

function scalar(value: unknown): string | undefined {
  if (typeof value === "string") return filled(value);
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(why: string): LynceusError {
  return new LynceusError("LYN_DECLARATION_JSON", `The message cannot be read: ${why}`, {
    remedy:
      "Send the content of a CN 23 or ITMATT as JSON: an item with its number, parties and contents, or a list of them.",
    details: { why },
  });
}

import { z } from "zod";
import { DIRECTIONS, FLOWS, IDENTIFIER_SCHEMES } from "../vocabulary.ts";

/** `schema` of a declaration. */
export const DECLARATION_SCHEMA = "customs-aed/1.0";

/** RFC 3339: the seconds are not optional. */
const dateTime = z.iso.datetime({ offset: true }).regex(/T\d\d:\d\d:\d\d/);

/** Text of at most `most` characters. JSON Schema counts characters, JavaScript half surrogate pairs. */
function textOf(most: number, least = 0): z.ZodString {
  const fits = (text: string): boolean => {
    if (text.length < least) return false;
    return text.length <= most || (text.length <= 2 * most && [...text].length <= most);
  };
  return z
    .string()
    .refine(fits, { error: `must be ${least} to ${most} characters` })
    .meta({ ...(least > 0 ? { minLength: least } : {}), maxLength: most });
}
const token = z
  .string()
  .regex(/^[a-z0-9]+:[A-Za-z0-9_-]{22,64}$/)
  .describe("keyEpoch:base64url(HMAC-SHA-256 truncated >= 128 bit)");
const country = z.string().regex(/^[A-Z]{2}$/);
const locode = z.string().regex(/^[A-Z]{2}[A-Z2-9]{3}$/);
const money = z.strictObject({
  amount: z.string().regex(/^[0-9]{1,14}(\.[0-9]{1,3})?$/),
  currency: z.string().regex(/^[A-Z]{3}$/),
});
const massKg = z.number().min(0).describe("kg");

export const declarationIdentifierSchema = z.strictObject({
  scheme: z.enum(IDENTIFIER_SCHEMES),
  value: z
    .string()
    .min(1)
    .max(70)
    .regex(/^[A-Z0-9./-]+$/),
  level: z.enum(["item", "package", "house", "master", "equipment", "declaration"]).optional(),
  checkOk: z.boolean().nullable().optional().describe("null = scheme has no check digit"),
});

/** A party, pseudonymised; a natural or unknown person has no public id. */
export const partySchema = z
  .strictObject({
    kind: z.enum(["natural", "legal", "association", "unknown"]),
    token: token.optional(),
    publicId: textOf(17).optional().describe("EORI/TIN/AEO/IATA code; legal persons only"),
    aeo: z.boolean().optional(),
    country: country.optional(),
    postcodeArea: textOf(4).optional(),
    nameQ: z.enum(["ok", "single_token", "placeholder", "missing"]).optional(),
    addressQ: z.enum(["ok", "partial", "placeholder", "missing"]).optional(),
    contactQ: z.enum(["present", "missing"]).optional(),
  })
  .refine((party) => party.publicId === undefined || (party.kind !== "natural" && party.kind !== "unknown"), {
    error: "must not stand for a natural or unknown person",
    path: ["publicId"],
  })
  // The same rule for the JSON Schema that is generated.
  .meta({
    if: { properties: { kind: { enum: ["natural", "unknown"] } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { not: { required: ["publicId"] } },
  });

const transport = z.strictObject({
  mode: z.enum(["1", "2", "3", "4", "5", "7", "8", "9"]).optional().describe("UN/ECE Rec 19 first digit"),
  conveyanceRef: textOf(35).optional(),
  imo: z
    .string()
    .regex(/^[0-9]{7}$/)
    .optional(),
  loadPlace: locode.optional(),
  dischargePlace: locode.optional(),
  originOe: z
    .string()
    .regex(/^[A-Z]{6}$/)
    .optional()
    .describe("UPU IMPC code"),
  destinationOe: z
    .string()
    .regex(/^[A-Z]{6}$/)
    .optional(),
  etd: dateTime.optional(),
  eta: dateTime.optional(),
  ata: dateTime.optional(),
});

const parties = z.strictObject({
  consignor: partySchema.optional(),
  consignee: partySchema.optional(),
  seller: partySchema.optional(),
  buyer: partySchema.optional(),
  platform: partySchema.optional(),
  declarant: partySchema.optional(),
  carrier: partySchema.optional(),
});

const consignment = z.strictObject({
  category: z
    .enum(["sale_of_goods", "gift", "commercial_sample", "documents", "returned_goods", "other"])
    .optional(),
  irgCategory: z.int().min(1).max(4).optional(),
  packageCount: z.int().min(0).max(99_999_999),
  grossMassKg: massKg.max(9_999_999_999).optional(),
  volumeM3: z.number().gt(0).optional().describe("m³"),
  totalValue: money.optional(),
  postalCharges: money.optional(),
  splitIndicator: z.boolean().optional(),
  documents: z
    .array(z.strictObject({ type: textOf(4), refToken: token.optional() }))
    .max(99)
    .optional(),
});

export const declarationItemSchema = z.strictObject({
  seq: z.int().min(1).max(99_999),
  description: textOf(512, 1),
  descriptionLang: z
    .string()
    .regex(/^[a-z]{2}$/)
    .optional(),
  hs6: z
    .string()
    .regex(/^[0-9]{6}$/)
    .optional(),
  hsExtension: z
    .string()
    .regex(/^[0-9]{2,6}$/)
    .optional(),
  quantity: z.number().gt(0).optional(),
  quantityUnit: textOf(3).optional().describe("UN/ECE Rec 20, default H87 (piece)"),
  netMassKg: massKg.optional(),
  grossMassKg: massKg.optional(),
  value: money.optional(),
  originCountry: country.optional(),
  packages: z.int().min(0).optional(),
  packageType: z
    .string()
    .regex(/^[A-Z0-9]{2}$/)
    .optional()
    .describe("UN/ECE Rec 21"),
  undg: z
    .string()
    .regex(/^[0-9]{4}$/)
    .optional(),
  productIds: z.array(declarationIdentifierSchema).max(4).optional(),
  hsEdition: z.enum(["2012", "2017", "2022", "2028"]).optional(),
});

const equipment = z.strictObject({
  id: textOf(17),
  kind: z.enum(["container", "uld", "trailer", "receptacle"]).optional(),
  sizeType: z
    .string()
    .regex(/^[A-Z0-9]{4}$/)
    .optional(),
  load: z.enum(["empty", "fcl", "lcl", "unknown"]).optional(),
  seals: z.array(textOf(20)).optional(),
  tareMassKg: massKg.optional(),
  vgmKg: massKg.optional(),
  itemSeqs: z.array(z.int()).optional(),
});

const transaction = z.strictObject({
  orderToken: token.optional(),
  paymentToken: token.optional(),
  listingToken: token.optional(),
  paymentMethod: z.enum(["card", "wallet", "bank", "cod", "none", "other"]).optional(),
  fiscalScheme: z.enum(["IOSS", "VENDOR", "NONE", "OTHER"]).optional(),
  fiscalRefToken: token.optional(),
  orderedAt: z.iso.date().optional(),
});

const declRisk = z.strictObject({
  p: z.number().min(0).max(1).describe("CALIBRATED probability"),
  basePrior: z.number().gt(0).lt(1).describe("prevalence p was calibrated at"),
  target: z.enum(["any_irregularity", "revenue", "prohibited", "security"]).optional(),
  expectedRevenue: money.optional(),
  model: textOf(64),
  asOf: dateTime,
  indicators: z.array(textOf(40)).max(20).optional(),
});

const placi = z.strictObject({
  status: z.enum(["none", "ASC", "RFI", "RFS", "DNL", "ERR", "INC"]).optional(),
  ref: textOf(17).optional(),
  methods: z.array(textOf(3)).max(9).optional(),
});

const privacy = z.strictObject({
  profile: z.enum(["edge_min"]),
  keyEpoch: textOf(16).optional(),
  retainUntil: dateTime,
  purpose: textOf(40).optional(),
});

export const SOURCE_REGIMES = [
  "UPU_ITMATT",
  "UPU_CUSITM",
  "ICS2_F23",
  "ICS2_F24",
  "ICS2_F32",
  "ICS2_F43",
  "ICS2_OTHER",
  "IATA_XFZB",
  "IATA_XFWB",
  "IATA_XFHL",
  "WCO_DEC",
  "CARGO_REPORT",
  "LVC_NATIONAL",
  "OTHER",
] as const;

/** Every member of a declaration, required or not; what a cancellation may leave out is optional here. */
export const declarationShape = z.strictObject({
  schema: z.literal(DECLARATION_SCHEMA),
  aedId: z.guid(),
  revision: z.int().min(1).describe("monotonic per aedId; edge keeps highest"),
  function: z.enum(["original", "amend", "cancel"]),
  sourceRegime: z.enum(SOURCE_REGIMES).optional(),
  issuedAt: dateTime.optional(),
  receivedAt: dateTime,
  declarationRef: textOf(70).optional().describe("MRN (18) / LRN / national ref"),
  direction: z.enum(DIRECTIONS).optional(),
  flow: z.enum(FLOWS).optional(),
  identifiers: z.array(declarationIdentifierSchema).min(1).max(64).optional(),
  transport: transport.optional(),
  parties: parties.optional(),
  consignment: consignment.optional(),
  items: z.array(declarationItemSchema).max(9999).optional(),
  equipment: z.array(equipment).max(9999).optional(),
  transaction: transaction.optional(),
  declRisk: declRisk.optional(),
  placi: placi.optional(),
  privacy: privacy.optional(),
  itemsTotal: z.int().min(0).optional().describe("where items was cut to keep the message within 256 KiB"),
});

/** Members that everything but a cancellation must have. */
export const REQUIRED_UNLESS_CANCEL = [
  "sourceRegime",
  "direction",
  "flow",
  "identifiers",
  "consignment",
  "items",
] as const;

/**
 * A declaration, `customs-aed/1.0`, in effect the same as the published JSON Schema. For what is sent; what is received
 * is read with `parseDeclaration`, which is lenient.
 */
export const declarationSchema = declarationShape
  .superRefine((declaration, context) => {
    if (declaration.function === "cancel") return;
    for (const key of REQUIRED_UNLESS_CANCEL) {
      if (declaration[key] !== undefined) continue;
      context.addIssue({ code: "custom", path: [key], message: "is required unless function is cancel" });
    }
  })
  .meta({
    description: "Canonical advance electronic data (AED) record, PII-minimised",
    if: { properties: { function: { const: "cancel" } } },
    else: { required: [...REQUIRED_UNLESS_CANCEL] },
  });

/** A declaration as it is used: only what a cancellation has is certain, the rest may have been dropped. */
export type Declaration = z.output<typeof declarationShape>;
export type DeclarationItem = z.output<typeof declarationItemSchema>;
export type DeclarationIdentifier = z.output<typeof declarationIdentifierSchema>;
export type Party = z.output<typeof partySchema>;

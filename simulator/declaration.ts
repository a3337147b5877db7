import { gs1CheckDigit, s10CheckDigit } from "../protocols/identifiers.ts";
import { goodsGroupOfChapter } from "../protocols/vocabulary.ts";
import { TARGET_CLASSES, type TargetClass } from "./goods/item.ts";
import { type ManifestLine, PRETEXTS, VAGUE } from "./goods/nomenclature.ts";
import { Random } from "./random.ts";
import type { Mix } from "./scene/scene.ts";
import type { ScanTruth } from "./truth.ts";

/** What is really in the parcel, as far as papers are concerned. */
export interface ParcelFacts {
  readonly manifest: readonly ManifestLine[];
  /** What a scale shows, kg. */
  readonly grossKg: number;
  /** Classes present in the image. */
  readonly classes: readonly TargetClass[];
}

/** The papers of a parcel and what is irregular about parcel and papers together. */
export type Papers = Pick<
  ScanTruth,
  "identifiers" | "label" | "declaration" | "declarationState" | "irregularities"
>;

interface Claim {
  readonly hs6?: string;
  readonly description: string;
  readonly quantity: number;
  readonly netKg: number;
  readonly price: number;
  readonly classes: ReadonlySet<TargetClass>;
}

interface Shares {
  readonly missing: number;
  readonly vague: number;
  readonly wrong: number;
}

const SHARES: Readonly<Record<Mix, Shares>> = {
  traffic: { missing: 0.03, vague: 0.05, wrong: 0.07 },
  training: { missing: 0.05, vague: 0.15, wrong: 0.12 },
};
/** How often goods of a class are left out of the papers. */
const CONCEALED: Readonly<Record<TargetClass, number>> = {
  firearm: 1,
  narcotic: 1,
  blade: 0.6,
  tobacco: 0.6,
  currency: 0.6,
  battery: 0.1,
  liquid: 0.06,
  ammunition: 0.9,
  explosive: 1,
};
/** Classes that are irregular whatever the papers say. */
const ALARMING: ReadonlySet<TargetClass> = new Set([
  "firearm",
  "blade",
  "narcotic",
  "ammunition",
  "explosive",
]);
/** A declared gross mass may differ from the scale's by this much: the greater of kg and share. */
const MASS_TOLERANCE_KG = 0.1;
const MASS_TOLERANCE_SHARE = 0.05;
/** Contents and papers disagree where this share of the net mass is of groups the other does not know. */
const MISMATCH_SHARE = 0.25;
/** Stands in a truth for the times that {@link declarationAt} fills in. */
const PLACEHOLDER_TIME = "2026-01-01T00:00:00Z";

const ORIGINS = [
  { country: "CN", office: "CNSHAA", currency: "USD", rate: 1.1, weight: 6 },
  { country: "GB", office: "GBLALA", currency: "GBP", rate: 0.86, weight: 3 },
  { country: "US", office: "USJFKA", currency: "USD", rate: 1.1, weight: 3 },
  { country: "TR", office: "TRISTA", currency: "EUR", rate: 1, weight: 1 },
  { country: "JP", office: "JPTYOA", currency: "JPY", rate: 160, weight: 1 },
  { country: "KR", office: "KRSELA", currency: "USD", rate: 1.1, weight: 1 },
  { country: "CH", office: "CHZRHA", currency: "CHF", rate: 0.95, weight: 1 },
  { country: "BR", office: "BRSAOA", currency: "USD", rate: 1.1, weight: 1 },
] as const;

/** Draws identifiers, declaration and state of one parcel. The image does not depend on any of it. */
export function drawPapers(facts: ParcelFacts, mix: Mix, random: Random): Papers {
  const identifier = drawIdentifier(random);
  const label = identifier.scheme === "SSCC" ? `]C100${identifier.value}` : `]C0${identifier.value}`;
  const shares = SHARES[mix];
  const fate = random.float();
  const common = { identifiers: [identifier], label };
  if (fate < shares.missing) {
    const codes = ["DECLARATION_MISSING", ...threatCodes(facts.classes, new Set())];
    return { ...common, declaration: null, declarationState: "missing", irregularities: codes };
  }
  const vague = fate < shares.missing + shares.vague;
  const story = vague ? vagueClaims(facts, random) : honestClaims(facts, random);
  const lie = !vague && story.length === manifestSize(facts) && fate > 1 - shares.wrong;
  const claims = lie || story.length === 0 ? falseClaims(facts, random) : story;
  const grossKg = declaredGross(facts, claims, lie, random);
  const undervalued = lie && random.chance(0.2);
  const codes = judge(facts, claims, grossKg, vague, undervalued);
  const told = new Set(claims.flatMap((claim) => [...claim.classes]));
  const omitted = facts.classes.some((name) => !told.has(name));
  return {
    ...common,
    declaration: compose(claims, grossKg, identifier, undervalued ? random.range(0.05, 0.2) : 1, random),
    declarationState: vague ? "vague" : lie || omitted || codes.length > 0 ? "wrong" : "right",
    irregularities: codes,
  };
}

/**
 * The declaration of a parcel as central sends it at `receivedAt`: issued a while before, expected some hours
 * later. Null where none was made. The same truth and time give the same bytes.
 */
export function declarationAt(truth: ScanTruth, receivedAt: Date): Record<string, unknown> | null {
  if (truth.declaration === null) return null;
  const random = new Random(truth.seed, `declaration times ${truth.index}`);
  const at = (minutes: number): string => new Date(receivedAt.getTime() + minutes * 60_000).toISOString();
  const declaration = truth.declaration as Record<string, unknown>;
  const transport = declaration["transport"] as Record<string, unknown>;
  const privacy = declaration["privacy"] as Record<string, unknown>;
  return {
    ...declaration,
    issuedAt: at(-random.int(1, 2880)),
    receivedAt: at(0),
    transport: { ...transport, eta: at(random.int(30, 4320)) },
    privacy: { ...privacy, retainUntil: at(30 * 24 * 60) },
  };
}

function manifestSize(facts: ParcelFacts): number {
  return facts.manifest.length;
}

/** What an honest sender writes, less what a dishonest one leaves out. */
function honestClaims(facts: ParcelFacts, random: Random): Claim[] {
  return facts.manifest
    .filter((line) => ![...line.classes].some((name) => random.chance(CONCEALED[name])))
    .map((line) => ({
      hs6: line.trade.hs6,
      description: line.trade.description,
      quantity: line.quantity,
      netKg: line.massKg * random.range(0.97, 1.02),
      price: line.trade.price * random.range(0.6, 1.5),
      classes: line.classes,
    }));
}

function vagueClaims(facts: ParcelFacts, random: Random): Claim[] {
  const net = facts.manifest.reduce((sum, line) => sum + line.massKg, 0);
  const price = facts.manifest.reduce((sum, line) => sum + line.trade.price * line.quantity, 0);
  return [{ description: random.pick(VAGUE), quantity: 1, netKg: net, price, classes: new Set() }];
}

/** Goods that are not in the parcel, of a group that is not in it either. */
function falseClaims(facts: ParcelFacts, random: Random): Claim[] {
  const present = new Set(facts.manifest.map((line) => line.trade.group));
  const pretext = random.pick(PRETEXTS.filter((trade) => !present.has(trade.group)));
  const net = facts.manifest.reduce((sum, line) => sum + line.massKg, 0);
  const quantity = random.int(1, 6);
  const netKg = net * random.range(0.9, 1);
  return [{ ...pretext, quantity, netKg, price: pretext.price, classes: new Set() }];
}

function declaredGross(facts: ParcelFacts, claims: readonly Claim[], lie: boolean, random: Random): number {
  if (lie && random.chance(0.5))
    return facts.grossKg * random.pick([random.range(0.35, 0.75), random.range(1.4, 2.2)]);
  const claimed = claims.reduce((sum, claim) => sum + claim.netKg, 0);
  const manifest = facts.manifest.reduce((sum, line) => sum + line.massKg, 0);
  const omits = claimed < 0.9 * manifest;
  const true_ = facts.grossKg + random.range(-0.01, 0.01);
  return omits && random.chance(0.5) ? claimed + facts.grossKg - manifest : true_;
}

/** Reason codes that are true of this parcel with these papers. */
function judge(
  facts: ParcelFacts,
  claims: readonly Claim[],
  grossKg: number,
  vague: boolean,
  undervalued: boolean,
): string[] {
  const told = new Set(claims.flatMap((claim) => [...claim.classes]));
  const codes = threatCodes(facts.classes, told);
  if (contentsDiffer(facts, claims)) codes.push("CONTENTS_MISMATCH");
  const tolerance = Math.max(MASS_TOLERANCE_KG, MASS_TOLERANCE_SHARE * facts.grossKg);
  if (Math.abs(rounded(grossKg) - facts.grossKg) > tolerance) codes.push("MASS_MISMATCH");
  if (vague) codes.push("DATA_QUALITY_A1");
  if (undervalued) codes.push("VALUE_SUSPECT");
  return codes;
}

function threatCodes(classes: readonly TargetClass[], told: ReadonlySet<TargetClass>): string[] {
  return TARGET_CLASSES.filter(
    (name) => classes.includes(name) && (ALARMING.has(name) || !told.has(name)),
  ).map((name) => (name === "battery" ? "BATTERY_UNDECLARED" : `THREAT_${name.toUpperCase()}`));
}

function contentsDiffer(facts: ParcelFacts, claims: readonly Claim[]): boolean {
  if (claims.some((claim) => claim.hs6 === undefined)) return false;
  const claimed = sharesByGroup(
    claims.map((claim) => [goodsGroupOfChapter(claim.hs6 ?? "") ?? "", claim.netKg]),
  );
  const present = sharesByGroup(facts.manifest.map((line) => [line.trade.group, line.massKg]));
  const unknown = (a: Map<string, number>, b: Map<string, number>): number =>
    [...a].reduce((sum, [group, share]) => sum + (b.has(group) ? 0 : share), 0);
  return unknown(present, claimed) > MISMATCH_SHARE || unknown(claimed, present) > MISMATCH_SHARE;
}

function sharesByGroup(entries: readonly (readonly [string, number])[]): Map<string, number> {
  const total = entries.reduce((sum, [, mass]) => sum + mass, 0);
  const shares = new Map<string, number>();
  for (const [group, mass] of entries) shares.set(group, (shares.get(group) ?? 0) + mass / total);
  return shares;
}

function drawIdentifier(random: Random): ScanTruth["identifiers"][number] {
  if (random.chance(0.25)) {
    const body = `${random.pick(["3", "0", "1"])}${random.pick(["5907734", "0614141", "4012345"])}${random.digits(9)}`;
    return { scheme: "SSCC", value: `${body}${gs1CheckDigit(body)}`, checkOk: true };
  }
  const service = random.pick(["RR", "CP", "EE", "LX", "UA", "CY", "RB"]);
  const serial = random.digits(8);
  const country = random.weighted(ORIGINS.map((origin) => [origin.country, origin.weight] as const));
  return { scheme: "S10", value: `${service}${serial}${s10CheckDigit(serial)}${country}`, checkOk: true };
}

function compose(
  claims: readonly Claim[],
  grossKg: number,
  identifier: ScanTruth["identifiers"][number],
  honesty: number,
  random: Random,
): Record<string, unknown> {
  const postal = identifier.scheme === "S10";
  const country = postal ? identifier.value.slice(-2) : random.pick(ORIGINS).country;
  const origin = ORIGINS.find((candidate) => candidate.country === country) ?? ORIGINS[0];
  const money = (euros: number): { amount: string; currency: string } => ({
    amount: Math.max(0.5, euros * origin.rate * honesty).toFixed(origin.currency === "JPY" ? 0 : 2),
    currency: origin.currency,
  });
  const total = claims.reduce((sum, claim) => sum + claim.price * claim.quantity, 0);
  const category = random.weighted([
    ["sale_of_goods", 7],
    ["gift", 2],
    ["commercial_sample", 0.5],
    ["returned_goods", 0.5],
  ] as const);
  return {
    schema: "customs-aed/1.0",
    aedId: uuidFrom(random),
    revision: 1,
    function: "original",
    sourceRegime: postal ? "UPU_ITMATT" : "LVC_NATIONAL",
    issuedAt: PLACEHOLDER_TIME,
    receivedAt: PLACEHOLDER_TIME,
    direction: "import",
    flow: postal ? "postal" : "express",
    identifiers: [{ ...identifier, level: postal ? "item" : "package" }],
    transport: {
      mode: "4",
      ...(postal ? { originOe: origin.office, destinationOe: "DEFRAA" } : {}),
      eta: PLACEHOLDER_TIME,
    },
    parties: {
      consignor: party(random, origin.country, category !== "gift"),
      consignee: { ...party(random, "DE", false), contactQ: random.chance(0.8) ? "present" : "missing" },
    },
    consignment: {
      category,
      packageCount: 1,
      grossMassKg: rounded(grossKg),
      totalValue: money(total),
    },
    items: claims.map((claim, index) => ({
      seq: index + 1,
      description: claim.description,
      descriptionLang: "en",
      ...(claim.hs6 === undefined ? {} : { hs6: claim.hs6 }),
      quantity: claim.quantity,
      quantityUnit: "H87",
      netMassKg: rounded(claim.netKg),
      value: money(claim.price * claim.quantity),
      originCountry: origin.country,
      ...(claim.classes.has("battery") ? { undg: claim.hs6 === "850760" ? "3480" : "3481" } : {}),
    })),
    privacy: {
      profile: "edge_min",
      keyEpoch: "k1",
      retainUntil: PLACEHOLDER_TIME,
      purpose: "risk_assessment",
    },
  };
}

/** A pseudonymous party: a token as the sender's key would give, and how complete its particulars were. */
function party(random: Random, country: string, trader: boolean): Record<string, unknown> {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  let token = "k1:";
  for (let i = 0; i < 22; i++) token += alphabet[random.int(0, 63)];
  return {
    kind: trader ? "legal" : "natural",
    token,
    country,
    nameQ: random.chance(0.93) ? "ok" : "single_token",
    addressQ: random.chance(0.9) ? "ok" : "partial",
  };
}

function uuidFrom(random: Random): string {
  const hex = Array.from({ length: 4 }, () => random.uint32().toString(16).padStart(8, "0")).join("");
  const variant = "89ab"[random.int(0, 3)] ?? "8";
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Kilograms to the gram, never below one. */
function rounded(kg: number): number {
  return Math.max(0.001, Math.round(kg * 1000) / 1000);
}

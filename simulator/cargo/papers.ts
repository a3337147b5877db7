import type { Random } from "../random.ts";
import type { Mix } from "../scan.ts";
import type { ScanTruth } from "../truth.ts";
import type { Carrier } from "./carrier.ts";
import type { Lot } from "./filling.ts";
import { LOAD_KINDS, type LoadTrade } from "./loads.ts";

export interface CargoFacts {
  readonly carrier: Carrier;
  readonly lots: readonly Lot[];
  readonly mix: Mix;
}

type Papers = Pick<
  ScanTruth,
  "groups" | "massKg" | "identifiers" | "label" | "declaration" | "declarationState" | "irregularities"
>;

/** Stands in a truth for the times that `declarationAt` fills in. */
const PLACEHOLDER_TIME = "2026-01-01T00:00:00Z";
const MISSING: Readonly<Record<Mix, number>> = { training: 0.04, traffic: 0.02 };
/** A loaded carrier whose papers say empty, and the other way round. */
const FALSE_STATE: Readonly<Record<Mix, number>> = { training: 0.1, traffic: 0.03 };
/** Contents and papers disagree where this share of the net mass is of groups that the papers do not name. */
const MISMATCH_SHARE = 0.25;
/** Letter values of ISO 6346: 11, 22 and 33 are left out. */
const LETTERS = [
  10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 34, 35, 36, 37, 38,
];
const SIZE_TYPES: Readonly<Record<string, string>> = {
  dry20: "22G1",
  dry40: "42G1",
  highcube40: "45G1",
  reefer20: "22R1",
  reefer40: "45R1",
  tank20: "22T6",
};

/** The papers of a container, pallet or unit load device, and what is irregular about it and them together. */
export function drawCargoPapers(facts: CargoFacts, random: Random): Papers {
  const { carrier, lots, mix } = facts;
  const netKg = lots.reduce((sum, lot) => sum + lot.massKg, 0);
  const massKg = netKg + carrier.tareKg;
  const identifier = identifierOf(carrier.name, random);
  const base = { groups: groupsOf(lots, netKg), massKg, identifiers: [identifier], label: identifier.value };
  if (random.chance(MISSING[mix])) {
    return {
      ...base,
      declaration: null,
      declarationState: "missing",
      irregularities: ["DECLARATION_MISSING"],
    };
  }
  const lie = random.chance(FALSE_STATE[mix]);
  const claims = claimsOf(lots, lie, random);
  const codes = judge(lots, claims, netKg);
  const declaration = compose(facts, claims, identifier, massKg, random);
  return {
    ...base,
    declaration,
    declarationState: codes.length > 0 ? "wrong" : "right",
    irregularities: codes,
  };
}

interface Claim {
  readonly trade: LoadTrade;
  readonly massKg: number;
}

/** What the papers name: never what is hidden in the load; nothing of a full carrier, or goods of an empty one, when they lie. */
function claimsOf(lots: readonly Lot[], lie: boolean, random: Random): Claim[] {
  if (lots.length === 0) {
    if (!lie) return [];
    return [{ trade: random.pick(random.pick(LOAD_KINDS).trades), massKg: random.range(4000, 20_000) }];
  }
  if (lie) return [];
  const honest = lots.filter((lot) => !lot.misdeclared);
  const hidden = lots.filter((lot) => lot.misdeclared).reduce((sum, lot) => sum + lot.massKg, 0);
  const first = honest[0] ?? lots[0]!;
  const named = honest.length > 0 ? honest : [first];
  const merged = new Map<string, Claim>();
  for (const { trade, massKg } of named) {
    const before = merged.get(trade.hs6)?.massKg ?? 0;
    merged.set(trade.hs6, { trade, massKg: before + massKg });
  }
  const claims = [...merged.values()];
  return claims.map((claim, i) => ({
    ...claim,
    massKg: (claim.massKg + (i === 0 ? hidden : 0)) * random.range(0.98, 1.02),
  }));
}

function judge(lots: readonly Lot[], claims: readonly Claim[], netKg: number): string[] {
  if (lots.length === 0) return claims.length > 0 ? ["DECLARED_LOADED_EMPTY"] : [];
  if (claims.length === 0) return ["DECLARED_EMPTY_LOADED"];
  const told = new Set(claims.map(({ trade }) => trade.group));
  const untold = lots.filter(({ trade }) => !told.has(trade.group));
  const share = untold.reduce((sum, { massKg }) => sum + massKg, 0) / netKg;
  return share > MISMATCH_SHARE || untold.some((lot) => lot.misdeclared) ? ["CONTENTS_MISMATCH"] : [];
}

function groupsOf(lots: readonly Lot[], netKg: number): ScanTruth["groups"] {
  const masses = new Map<string, number>();
  for (const { trade, massKg } of lots) masses.set(trade.group, (masses.get(trade.group) ?? 0) + massKg);
  return [...masses]
    .map(([group, massKg]) => ({ group, share: massKg / netKg, massKg }))
    .sort((a, b) => b.massKg - a.massKg);
}

/** ISO 6346 for containers, an SSCC for pallets and unit load devices. */
function identifierOf(carrier: string, random: Random): ScanTruth["identifiers"][number] {
  if (carrier === "pallet" || carrier === "uld") {
    const body = `3590773${random.digits(10)}`;
    return { scheme: "SSCC", value: `${body}${modulo10(body)}`, checkOk: true };
  }
  const body = `${random.pick(["LYNU", "XTRU", "NIIU"])}${random.digits(6)}`;
  return { scheme: "ISO6346", value: `${body}${iso6346CheckDigit(body)}`, checkOk: true };
}

/** Check digit of an ISO 6346 number: values × 2^place, sum mod 11 mod 10. @param body four letters and six digits. */
export function iso6346CheckDigit(body: string): number {
  let sum = 0;
  for (let i = 0; i < body.length; i++) {
    const code = body.charCodeAt(i);
    sum += (code >= 65 ? LETTERS[code - 65]! : code - 48) * 2 ** i;
  }
  return (sum % 11) % 10;
}

function modulo10(body: string): number {
  const sum = [...body].reduce(
    (total, digit, i) => total + Number(digit) * ((body.length - i) % 2 === 1 ? 3 : 1),
    0,
  );
  return (10 - (sum % 10)) % 10;
}

function compose(
  { carrier }: CargoFacts,
  claims: readonly Claim[],
  identifier: ScanTruth["identifiers"][number],
  massKg: number,
  random: Random,
): Record<string, unknown> {
  const container = identifier.scheme === "ISO6346";
  const money = (euros: number) => ({ amount: Math.max(1, euros).toFixed(2), currency: "EUR" });
  const net = claims.reduce((sum, claim) => sum + claim.massKg, 0);
  const gross = claims.length === 0 ? carrier.tareKg : Math.max(net + 1, massKg - carrier.tareKg);
  const country = random.pick(["CN", "BR", "TR", "VN", "IN", "US"]);
  return {
    schema: "customs-aed/1.0",
    aedId: uuidFrom(random),
    revision: 1,
    function: "original",
    sourceRegime: container ? "ICS2" : "LVC_NATIONAL",
    issuedAt: PLACEHOLDER_TIME,
    receivedAt: PLACEHOLDER_TIME,
    direction: "import",
    flow: container ? "container" : "air_cargo",
    identifiers: [{ ...identifier, level: container ? "equipment" : "package" }],
    transport: { mode: container ? "1" : "4", eta: PLACEHOLDER_TIME },
    consignment: {
      category: "sale_of_goods",
      packageCount: claims.length,
      grossMassKg: Math.round(gross),
      totalValue: money(claims.reduce((sum, { trade, massKg: kg }) => sum + trade.price * kg, 0)),
    },
    items: claims.map(({ trade, massKg: kg }, i) => ({
      seq: i + 1,
      description: trade.description,
      descriptionLang: "en",
      hs6: trade.hs6,
      quantity: Math.max(1, Math.round(kg)),
      quantityUnit: "KGM",
      netMassKg: Math.round(kg),
      value: money(trade.price * kg),
      originCountry: country,
    })),
    equipment: [
      {
        id: identifier.value.slice(0, 17),
        kind: container ? "container" : carrier.name === "uld" ? "uld" : "receptacle",
        ...(SIZE_TYPES[carrier.name] === undefined ? {} : { sizeType: SIZE_TYPES[carrier.name] }),
        load: claims.length === 0 ? "empty" : "fcl",
        tareMassKg: Math.round(carrier.tareKg),
      },
    ],
    privacy: {
      profile: "edge_min",
      keyEpoch: "k1",
      retainUntil: PLACEHOLDER_TIME,
      purpose: "risk_assessment",
    },
  };
}

function uuidFrom(random: Random): string {
  const hex = Array.from({ length: 4 }, () => random.uint32().toString(16).padStart(8, "0")).join("");
  const variant = "89ab"[random.int(0, 3)] ?? "8";
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

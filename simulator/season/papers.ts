import type { Declaration } from "../../protocols/declaration.ts";
import { s10CheckDigit } from "../../protocols/identifiers.ts";
import { VAGUE } from "../goods/nomenclature.ts";
import type { Random } from "../random.ts";
import { type Line, massOf, TRADES } from "./goods.ts";
import { awbCheckDigit, uuidFrom } from "./numbers.ts";
import type { SeasonParameters } from "./parameters.ts";
import type { Trader } from "./traders.ts";
import type { ConsignmentTruth } from "./truth.ts";

export interface PapersInput {
  readonly truth: ConsignmentTruth;
  readonly flow: "postal" | "express" | "air_cargo";
  readonly sender: Trader;
  readonly consigneeToken: string;
  /** When the declaration reaches the gateway, and the item arrives, ms since the epoch. */
  readonly receivedAt: number;
  readonly eta: number;
  /** Declared value, EUR, where it is not what the goods are worth. */
  readonly value?: number;
}

export interface Identifier {
  readonly scheme: "S10" | "HAWB" | "MAWB" | "SSCC";
  readonly value: string;
  readonly checkOk: boolean | null;
}

interface Claim {
  readonly hs6: string;
  readonly description: string;
  readonly quantity: number;
  readonly netKg: number;
  readonly value: number;
}

/** Days that a declaration is kept. */
const RETAIN_MS = 30 * 86_400_000;
/** Below this value, EUR, no duty is due. */
export const LOW_VALUE = 150;
const LOW_DUTY = 1000;

/** The declaration of a consignment, with the faults that such papers have. */
export function drawDeclaration(
  input: PapersInput,
  identifiers: readonly Identifier[],
  parameters: SeasonParameters,
  random: Random,
): Declaration {
  const { truth, flow, sender } = input;
  const faults =
    truth.kind === null ? parameters.papers : { ...parameters.papers, ...parameters.irregularPapers };
  const { documents } = truth;
  const claims = claimsOf(truth, input.value, faults, random);
  const total = claims.reduce((sum, claim) => sum + claim.value, 0);
  const gross = grossOf(truth, claims, faults, random);
  const money = (euros: number) => ({ amount: Math.max(0.01, euros).toFixed(2), currency: "EUR" });
  const placeholder = random.chance(faults.valuePlaceholder);
  const poorHs = random.chance(faults.hsMissing);
  const poorOrigin = random.chance(faults.originMissing);
  return {
    schema: "customs-aed/1.0",
    aedId: uuidFrom(random),
    revision: 1,
    function: "original",
    sourceRegime: flow === "postal" ? "UPU_ITMATT" : flow === "express" ? "ICS2_F32" : "IATA_XFZB",
    issuedAt: new Date(input.receivedAt - random.int(1, 1440) * 60_000).toISOString(),
    receivedAt: new Date(input.receivedAt).toISOString(),
    direction: "import",
    flow,
    identifiers: identifiers.map(({ scheme, value, checkOk }) => ({ scheme, value, checkOk })),
    transport: { mode: flow === "postal" ? "5" : "4", eta: new Date(input.eta).toISOString() },
    parties: {
      consignor: {
        kind: sender.kind,
        token: sender.token,
        country: sender.country,
        ...(sender.aeo ? { aeo: true } : {}),
      },
      consignee: {
        kind: "natural",
        token: input.consigneeToken,
        country: "DE",
        nameQ: random.chance(faults.consigneeIncomplete) ? "single_token" : "ok",
        addressQ: random.chance(faults.consigneeIncomplete) ? "partial" : "ok",
        contactQ: random.chance(0.8) ? "present" : "missing",
      },
    },
    consignment: {
      category: documents
        ? "documents"
        : sender.kind === "legal" || random.chance(0.4)
          ? "sale_of_goods"
          : "gift",
      irgCategory: documents ? 1 : total < LOW_VALUE ? 2 : total < LOW_DUTY ? 3 : 4,
      packageCount: random.chance(faults.piecesWrong) ? 2 : 1,
      ...(gross === null ? {} : { grossMassKg: gross }),
      ...(documents ? {} : { totalValue: money(placeholder ? random.int(0, 1) : total) }),
    },
    items: claims.map((claim, at) => ({
      seq: at + 1,
      description: random.chance(faults.vague) ? random.pick(VAGUE) : claim.description,
      descriptionLang: "en",
      ...(poorHs ? {} : { hs6: hsOf(claim.hs6, faults.hsOfAnotherGroup, random) }),
      quantity: claim.quantity,
      quantityUnit: "H87",
      ...(gross === null ? {} : { netMassKg: rounded(claim.netKg) }),
      ...(documents ? {} : { value: money(placeholder ? random.int(0, 1) : claim.value) }),
      ...(poorOrigin ? {} : { originCountry: sender.country }),
    })),
    privacy: {
      profile: "edge_min",
      keyEpoch: "k1",
      retainUntil: new Date(input.receivedAt + RETAIN_MS).toISOString(),
      purpose: "risk_assessment",
    },
  };
}

type Faults = SeasonParameters["papers"];

function claimsOf(
  truth: ConsignmentTruth,
  value: number | undefined,
  faults: Faults,
  random: Random,
): Claim[] {
  if (truth.documents)
    return [{ hs6: "490199", description: "documents", quantity: 1, netKg: truth.grossKg * 0.95, value: 0 }];
  const leaveOut = truth.told.length > 1 && random.chance(faults.lineLeftOut);
  const told = leaveOut ? truth.told.slice(0, -1) : truth.told;
  const worth = told.reduce((sum, line) => sum + line.value, 0);
  const honesty =
    value !== undefined ? value / worth : truth.kind === "undervalued" ? random.range(0.05, 0.35) : 1;
  return told.map((line) => claimOf(line, honesty, random));
}

function claimOf({ trade, quantity, massKg, value }: Line, honesty: number, random: Random): Claim {
  return {
    hs6: trade.hs6,
    description: trade.description,
    quantity,
    netKg: massKg * random.range(0.97, 1.02),
    value: value * honesty,
  };
}

/** An honest slip takes a code of a group near by; nothing tells it from a lie but the image. */
function hsOf(hs6: string, slip: number, random: Random): string {
  return random.chance(slip) ? random.pick(TRADES).hs6 : hs6;
}

/** Declared gross mass, kg; null where none is declared. */
function grossOf(
  truth: ConsignmentTruth,
  claims: readonly Claim[],
  faults: Faults,
  random: Random,
): number | null {
  if (random.chance(faults.massMissing)) return null;
  const told = claims.reduce((sum, claim) => sum + claim.netKg, 0);
  const packaging = truth.grossKg - massOf(truth.lines);
  // Who hides something weighs the parcel as it is in half of the cases.
  const hides = truth.kind === "concealed-threat" || truth.kind === "undeclared-goods";
  const lies = truth.kind === "excess" || (hides && random.chance(0.5));
  const base = lies ? told + packaging : truth.grossKg;
  if (random.chance(faults.massWrong)) return rounded(base * Math.exp(0.6 * random.normal()));
  return random.chance(faults.massRounded) ? Math.max(0.5, Math.round(base * 2) / 2) : rounded(base);
}

function rounded(kg: number): number {
  return Math.max(0.001, Math.round(kg * 1000) / 1000);
}

/** A number of its own for each consignment of a season. */
export function drawIdentifiers(
  flow: PapersInput["flow"],
  at: number,
  random: Random,
): readonly Identifier[] {
  if (flow === "air_cargo") {
    const serial = String(1_000_000 + (at % 9_000_000)).slice(0, 7);
    return [
      { scheme: "MAWB", value: `020${serial}${awbCheckDigit(serial)}`, checkOk: true },
      { scheme: "HAWB", value: `H${String(at).padStart(9, "0")}`, checkOk: null },
    ];
  }
  const serial = String(at % 100_000_000).padStart(8, "0");
  const service = flow === "postal" ? random.pick(["RR", "CP", "LX"]) : "EE";
  return [{ scheme: "S10", value: `${service}${serial}${s10CheckDigit(serial)}CN`, checkOk: true }];
}

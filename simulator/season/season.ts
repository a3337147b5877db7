import type { Declaration } from "../../protocols/declaration.ts";
import { logistic, logit } from "../../protocols/mqtt/score-check.ts";
import { Random } from "../random.ts";
import { drawAnalysis, type SeasonAnalysis } from "./image-model.ts";
import type { ImageTable } from "./image-table.ts";
import { uuidFrom } from "./numbers.ts";
import { drawDeclaration, drawIdentifiers, type Identifier, LOW_VALUE } from "./papers.ts";
import { KINDS, type Kind, SEASONS, type SeasonName, type SeasonParameters } from "./parameters.ts";
import { drawTraders, pickTrader, type Trader, tokenOf } from "./traders.ts";
import { type ConsignmentTruth, drawTruth } from "./truth.ts";

/** One consignment of a season: what is true of it, and everything that a gateway learns of it. */
export interface SeasonItem {
  readonly index: number;
  readonly scanId: string;
  /** End of its capture, ms since the epoch. */
  readonly capturedAt: number;
  /** What a full examination finds; null: nothing. */
  readonly kind: Kind | null;
  /** Classes that the examination finds where they should not be. */
  readonly classes: readonly string[];
  readonly identifiers: readonly Identifier[];
  readonly declaration: Declaration | null;
  readonly measured: {
    readonly massKg: number | null;
    readonly massStable: boolean | null;
    readonly radiation: {
      readonly gamma: "normal" | "alarm" | "fault" | null;
      readonly neutron: "normal" | "alarm" | "fault" | null;
      readonly sigma: number | null;
    } | null;
  };
  readonly analysis: SeasonAnalysis;
  /** Earlier scans that look alike and in which something was found. */
  readonly similar: readonly { readonly scanId: string; readonly similarity: number }[];
  /** The declaration's own risk figure, and where it was calibrated; null: none. */
  readonly risk: { readonly p: number; readonly prevalence: number } | null;
}

export interface Season {
  readonly name: SeasonName;
  readonly seed: number;
  /** Parties on the authority's watch list. */
  readonly watchList: readonly string[];
  /** Of what the image side was drawn. */
  readonly imageFigures: ImageTable["provenance"];
  readonly items: readonly SeasonItem[];
}

export interface SeasonOptions {
  readonly seed: number;
  readonly season: SeasonName;
  /** Consignments; absent: as many as the parameters say. */
  readonly count?: number;
  readonly table: ImageTable;
}

const FIRST_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
/** Consignments of one split purchase, and the days in which they come. */
const SPLIT = { least: 4, most: 9, days: 6 } as const;
const BUSY_CONSIGNEES = 20;
/** How much more of an irregularity the papers betray than of another. */
const ON_PAPER: Readonly<Record<Kind, number>> = {
  "concealed-threat": 0.8,
  "undeclared-goods": 0.8,
  "other-goods": 1.2,
  excess: 0.8,
  undervalued: 1.3,
  split: 1.2,
  "false-documents": 1.1,
  radioactive: 0.3,
};
/** Share that the two risk figures have in common. */
const COMMON_RISK = 0.6;
const REPEATED: ReadonlySet<Kind> = new Set([
  "concealed-threat",
  "undeclared-goods",
  "other-goods",
  "false-documents",
]);

/** Draws a season. Pure: the same seed gives the same items on any machine. */
export function drawSeason({ seed, season, count, table }: SeasonOptions): Season {
  const parameters = SEASONS[season];
  const random = new Random(seed, `season ${season}`);
  const traders = drawTraders(parameters.traders, random.fork("traders"));
  const total = count ?? parameters.consignments;
  const fates = drawFates(total, parameters, random.fork("fates"));
  const busy = Array.from({ length: BUSY_CONSIGNEES }, () => tokenOf(random));
  const found: { readonly scanId: string; readonly kind: Kind }[] = [];
  const items = fates.map((fate, index) => {
    const own = new Random(seed, `season ${season} item ${index}`);
    const step = (parameters.days * DAY_MS) / total;
    const capturedAt = Math.round(FIRST_MS + step * (index + own.float()));
    const item = drawItem({ index, capturedAt, fate, parameters, traders, busy, found, table }, own);
    if (fate.kind !== null) found.push({ scanId: item.scanId, kind: fate.kind });
    return item;
  });
  const watchList = traders.filter((trader) => trader.watched).map((trader) => trader.token);
  return { name: season, seed, watchList, imageFigures: table.provenance, items };
}

/** What is wrong with a consignment, and who gets it where that matters. */
interface Fate {
  readonly kind: Kind | null;
  readonly consignee: string | null;
}

function drawFates(total: number, parameters: SeasonParameters, random: Random): readonly Fate[] {
  const fates: Fate[] = Array.from({ length: total }, () => ({ kind: null, consignee: null }));
  const mean = (SPLIT.least + SPLIT.most) / 2;
  const weights = KINDS.map(
    (kind) => [kind, parameters.kinds[kind] / (kind === "split" ? mean : 1)] as const,
  );
  const sum = weights.reduce((whole, [, weight]) => whole + weight, 0);
  const perDay = total / parameters.days;
  for (const index of fates.keys()) {
    if ((fates[index] as Fate).kind !== null || !random.chance(parameters.irregular * sum)) continue;
    const kind = random.weighted(weights);
    if (kind !== "split") {
      fates[index] = { kind, consignee: null };
      continue;
    }
    const consignee = tokenOf(random);
    const others = random.int(SPLIT.least, SPLIT.most) - 1;
    fates[index] = { kind, consignee };
    for (let n = 0; n < others; n++) {
      const at = index + 1 + Math.floor(random.float() * SPLIT.days * perDay);
      if (at < total && fates[at]?.kind === null) fates[at] = { kind, consignee };
    }
  }
  return fates;
}

interface ItemInput {
  readonly index: number;
  readonly capturedAt: number;
  readonly fate: Fate;
  readonly parameters: SeasonParameters;
  readonly traders: readonly Trader[];
  readonly busy: readonly string[];
  readonly found: readonly { readonly scanId: string; readonly kind: Kind }[];
  readonly table: ImageTable;
}

function drawItem(input: ItemInput, random: Random): SeasonItem {
  const { index, capturedAt, fate, parameters, table } = input;
  const scanId = uuidFrom(random);
  const truth = drawTruth(fate.kind, parameters, random.fork("truth"));
  const flow = random.weighted(
    Object.entries(parameters.flows) as [keyof SeasonParameters["flows"], number][],
  );
  const identifiers = drawIdentifiers(flow, index, random);
  const common = random.normal();
  return {
    index,
    scanId,
    capturedAt,
    kind: fate.kind,
    classes: truth.classes,
    identifiers,
    declaration: declarationOf(input, { truth, flow, identifiers, common }, random.fork("papers")),
    measured: measuredOf(truth, parameters, random.fork("devices")),
    analysis: drawAnalysis(truth.image, table, parameters.image, random.fork("image")),
    similar: similarOf(input, random.fork("similar")),
    risk: riskOf(fate.kind, parameters.riskModel, common, random.fork("risk")),
  };
}

function declarationOf(
  { capturedAt, fate, parameters, traders, busy }: ItemInput,
  known: {
    readonly truth: ConsignmentTruth;
    readonly flow: keyof SeasonParameters["flows"];
    readonly identifiers: readonly Identifier[];
    readonly common: number;
  },
  random: Random,
): Declaration | null {
  if (random.chance(parameters.papers.missing)) return null;
  const { truth, flow, identifiers, common } = known;
  const late = random.chance(parameters.papers.late);
  const receivedAt = capturedAt + (late ? random.int(60, 3600) : -random.int(3600, 2 * 86_400)) * 1000;
  const consigneeToken =
    fate.consignee ??
    (random.chance(parameters.split.innocentFrequent) ? random.pick(busy) : tokenOf(random));
  const sender = senderOf(fate.kind, traders, parameters, random);
  const value = fate.kind === "split" ? random.range(0.7, 0.995) * LOW_VALUE : undefined;
  const declaration = drawDeclaration(
    {
      truth,
      flow,
      sender,
      consigneeToken,
      receivedAt,
      eta: capturedAt - random.int(1800, 20_000) * 1000,
      ...(value === undefined ? {} : { value }),
    },
    identifiers,
    parameters,
    random,
  );
  const { present, basePrior } = parameters.central;
  if (!random.chance(present)) return declaration;
  const p = figureOf(fate.kind, parameters.central.shift, basePrior, common, random);
  const asOf = declaration.receivedAt;
  return { ...declaration, declRisk: { p, basePrior, target: "any_irregularity", model: "central-1", asOf } };
}

function senderOf(
  kind: Kind | null,
  traders: readonly Trader[],
  { traders: { irregularByBad } }: SeasonParameters,
  random: Random,
): Trader {
  if (kind === null) return pickTrader(traders, random);
  const bad = random.chance(irregularByBad);
  const able = traders.filter((trader) => trader.bad === bad && (bad || !trader.aeo || random.chance(0.15)));
  return able.length > 0 ? pickTrader(able, random) : pickTrader(traders, random);
}

function riskOf(
  kind: Kind | null,
  { present, shift, prevalence }: SeasonParameters["riskModel"],
  common: number,
  random: Random,
): SeasonItem["risk"] {
  return random.chance(present) ? { p: figureOf(kind, shift, prevalence, common, random), prevalence } : null;
}

/** A calibrated figure of a judge who sees the irregular `shift` standard deviations above the regular. */
function figureOf(
  kind: Kind | null,
  shift: number,
  prevalence: number,
  common: number,
  random: Random,
): number {
  const noise = Math.sqrt(COMMON_RISK) * common + Math.sqrt(1 - COMMON_RISK) * random.normal();
  const seen = noise + (kind === null ? 0 : shift * ON_PAPER[kind]);
  return Number(logistic(logit(prevalence) + shift * seen - (shift * shift) / 2).toFixed(6));
}

function measuredOf(
  truth: ConsignmentTruth,
  { devices }: SeasonParameters,
  random: Random,
): SeasonItem["measured"] {
  const weighed = random.chance(devices.scale);
  const massKg = Math.max(0.005, truth.grossKg + devices.scaleErrorKg * random.normal());
  const radioactive = truth.kind === "radioactive";
  const gamma = random.chance(radioactive ? devices.gammaOfSource : devices.gammaInnocent);
  const neutron = random.chance(radioactive ? devices.neutronOfSource : devices.gammaInnocent / 20);
  const fault = random.chance(devices.portalFault);
  const state = (alarm: boolean) => (fault ? "fault" : alarm ? "alarm" : "normal");
  const sigma = Number((gamma ? random.range(5, 20) : Math.abs(random.normal())).toFixed(2));
  return {
    massKg: weighed ? Number(massKg.toFixed(3)) : null,
    massStable: weighed ? true : null,
    radiation: random.chance(devices.portal)
      ? { gamma: state(gamma), neutron: state(neutron), sigma: fault ? null : sigma }
      : null,
  };
}

function similarOf({ fate, found, parameters }: ItemInput, random: Random): SeasonItem["similar"] {
  const { repeat, chanceResemblance } = parameters.similar;
  const { kind } = fate;
  const alike = kind !== null && REPEATED.has(kind) ? found.filter((one) => one.kind === kind) : [];
  const from =
    alike.length > 0 && random.chance(repeat) ? alike : random.chance(chanceResemblance) ? found : [];
  if (from.length === 0) return [];
  const similarity = Number(random.range(0.86, 0.99).toFixed(3));
  return [{ scanId: random.pick(from).scanId, similarity }];
}

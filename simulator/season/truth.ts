import type { ThreatClass } from "../../protocols/vocabulary.ts";
import type { Random } from "../random.ts";
import { drawLines, type Line, lineOf, massOf, otherTrade } from "./goods.ts";
import type { ImageTruth } from "./image-model.ts";
import type { Kind, SeasonParameters } from "./parameters.ts";

/** What is really in a consignment, beside its papers. */
export interface ConsignmentTruth {
  readonly kind: Kind | null;
  /** Declared as documents, rightly or not. */
  readonly documents: boolean;
  /** All goods that are there, the hidden ones too. */
  readonly lines: readonly Line[];
  /** What an honest sender of this kind would have declared; hidden goods are not among them. */
  readonly told: readonly Line[];
  readonly image: ImageTruth;
  /** Classes that an examination finds where they should not be. */
  readonly classes: readonly ThreatClass[];
  /** Gross, kg. */
  readonly grossKg: number;
}

type Tier = "clear" | "partial" | "hidden";

interface Hidden {
  readonly class: ThreatClass;
  readonly group: Line["trade"]["group"];
  readonly leastKg: number;
  readonly mostKg: number;
  readonly weight: number;
}

const THREATS: readonly Hidden[] = [
  { class: "firearm", group: "arms", leastKg: 0.5, mostKg: 1.6, weight: 2 },
  { class: "blade", group: "metals", leastKg: 0.1, mostKg: 0.7, weight: 2 },
  { class: "ammunition", group: "arms", leastKg: 0.2, mostKg: 2, weight: 1 },
  { class: "explosive", group: "chemicals", leastKg: 0.2, mostKg: 1.5, weight: 0.5 },
  { class: "narcotic", group: "food-organic", leastKg: 0.2, mostKg: 3, weight: 4 },
];
const UNDECLARED: readonly Hidden[] = [
  { class: "tobacco", group: "food-organic", leastKg: 0.3, mostKg: 6, weight: 4 },
  { class: "currency", group: "paper-books", leastKg: 0.1, mostKg: 1, weight: 1 },
  { class: "liquid", group: "food-organic", leastKg: 0.5, mostKg: 4, weight: 2 },
  { class: "battery", group: "electronics", leastKg: 0.2, mostKg: 3, weight: 3 },
];
/** Packaging: kg, and share of the goods. */
const PACKAGING = { kg: 0.08, share: 0.06 } as const;

/** Draws what is inside a consignment of a kind; null: a regular one. */
export function drawTruth(kind: Kind | null, parameters: SeasonParameters, random: Random): ConsignmentTruth {
  const regular = kind === null && random.chance(parameters.documents);
  const documents = regular || kind === "false-documents";
  const told = regular ? [papers(random)] : documents ? [] : drawLines(random);
  const lines = linesOf(kind, told, random);
  const hidden = hiddenOf(kind, random);
  const all = hidden === null ? lines : [...lines, hidden.line];
  const targets = new Map<string, Tier>();
  for (const { trade } of lines)
    if (trade.holds !== undefined) targets.set(trade.holds, tierOf(parameters, random));
  if (hidden !== null) targets.set(hidden.class, tierOf(parameters, random));
  const net = massOf(all);
  const groups = new Map<string, number>();
  for (const { trade, massKg } of all) groups.set(trade.group, (groups.get(trade.group) ?? 0) + massKg / net);
  const grossKg =
    net * (1 + PACKAGING.share * random.range(0.5, 1.5)) + PACKAGING.kg * random.range(0.5, 1.5);
  return {
    kind,
    documents,
    lines: all,
    told,
    image: { targets, groups, massKg: grossKg },
    classes: hidden === null ? [] : [hidden.class],
    grossKg,
  };
}

/** Printed matter, flat and light. */
function papers(random: Random): Line {
  const massKg = random.range(0.05, 1.2);
  const trade = {
    group: "paper-books" as const,
    hs6: "490199",
    description: "documents",
    pieceKg: massKg,
    price: 0,
  };
  return { trade, quantity: 1, massKg, value: 0 };
}

function linesOf(kind: Kind | null, told: readonly Line[], random: Random): readonly Line[] {
  if (kind === "other-goods") return [lineOf(otherTrade(told, random), random)];
  if (kind === "false-documents") {
    const goods = drawLines(random).filter((line) => line.trade.group !== "paper-books");
    return goods.length > 0 ? goods : [lineOf(otherTrade([], random), random)];
  }
  if (kind !== "excess") return told;
  const more = random.range(1.3, 2.5);
  return told.map((line) => ({
    ...line,
    quantity: Math.ceil(line.quantity * more),
    massKg: line.massKg * more,
  }));
}

function hiddenOf(kind: Kind | null, random: Random): { class: ThreatClass; line: Line } | null {
  if (kind !== "concealed-threat" && kind !== "undeclared-goods") return null;
  const all = kind === "concealed-threat" ? THREATS : UNDECLARED;
  const one = random.weighted(all.map((hidden) => [hidden, hidden.weight] as const));
  const massKg = random.range(one.leastKg, one.mostKg);
  const trade = { group: one.group, hs6: "999999", description: one.class, pieceKg: massKg, price: 0 };
  return { class: one.class, line: { trade, quantity: 1, massKg, value: 0 } };
}

function tierOf({ hidden }: SeasonParameters, random: Random): Tier {
  return random.weighted([
    ["clear", hidden.clear] as const,
    ["partial", hidden.partial] as const,
    ["hidden", hidden.hidden] as const,
  ]);
}

import { describe, expect, it } from "vitest";
import { parseDeclaration } from "../../protocols/declaration.ts";
import { identify, isValidS10, isValidSscc } from "../../protocols/identifiers.ts";
import { goodsGroupOfChapter, REASON_CODES } from "../../protocols/vocabulary.ts";
import { declarationAt, drawPapers, type ParcelFacts } from "../../simulator/declaration.ts";
import { makeBenign, makeDeclarable, makeTarget } from "../../simulator/goods/catalogue.ts";
import { TARGET_CLASSES } from "../../simulator/goods/item.ts";
import { manifestOf, PRETEXTS, tradeOf } from "../../simulator/goods/nomenclature.ts";
import { Random } from "../../simulator/random.ts";
import type { Mix } from "../../simulator/scan.ts";
import type { DeclarationState, ScanTruth } from "../../simulator/truth.ts";

interface Line {
  readonly description: string;
  readonly hs6?: string;
  readonly netMassKg: number;
  readonly undg?: string;
}

/** Papers of a parcel of plausible contents, without its picture. */
function truthOf(index: number, mix: Mix): { truth: ScanTruth; facts: ParcelFacts } {
  const random = new Random(99, `papers ${index}`);
  const items = Array.from({ length: random.int(1, 4) }, () => makeBenign(random));
  const extra = random.int(0, 5);
  if (extra < 2) items.push(makeTarget(random.pick(TARGET_CLASSES), random));
  if (extra === 2) items.push(makeDeclarable(random));
  const weighed = items.map((item) => ({ item, massKg: random.range(0.1, 1.5) }));
  const grossKg = weighed.reduce((sum, { massKg }) => sum + massKg, 0.2);
  const facts = { manifest: manifestOf(weighed), grossKg, classes: items.flatMap((item) => item.targets) };
  const papers = drawPapers(facts, mix, random);
  const truth = { seed: 99, index, targets: [], groups: [], massKg: grossKg, ...papers };
  return { truth, facts };
}

const NOW = new Date("2026-03-01T08:00:00Z");
const training = Array.from({ length: 400 }, (_, index) => truthOf(index, "training"));
const traffic = Array.from({ length: 600 }, (_, index) => truthOf(index, "traffic"));

function linesOf(truth: ScanTruth): readonly Line[] {
  return (truth.declaration as { items: Line[] } | null)?.items ?? [];
}

function inState(state: DeclarationState): typeof training {
  return training.filter(({ truth }) => truth.declarationState === state);
}

describe("the papers of a simulated parcel", () => {
  it("are valid customs-aed declarations without a single finding", () => {
    for (const { truth } of training) {
      if (truth.declaration === null) continue;
      for (const version of [truth.declaration, declarationAt(truth, NOW)]) {
        const parsed = parseDeclaration(version);
        expect(parsed).toMatchObject({ ok: true, findings: [] });
      }
    }
  });

  it("come in every state, and mostly right in traffic", () => {
    for (const state of ["right", "vague", "wrong", "missing"] as const)
      expect(inState(state).length).toBeGreaterThan(8);
    const right = traffic.filter(({ truth }) => truth.declarationState === "right").length / traffic.length;
    expect(right).toBeGreaterThan(0.5);
    expect(inState("missing").every(({ truth }) => truth.declaration === null)).toBe(true);
  });

  it("name the goods, their headings and masses where they are right", () => {
    for (const { truth, facts } of inState("right")) {
      expect(truth.irregularities).toEqual([]);
      const lines = linesOf(truth);
      expect(lines.map((line) => line.hs6)).toEqual(facts.manifest.map((line) => line.trade.hs6));
      for (const [n, line] of lines.entries()) {
        expect(goodsGroupOfChapter(line.hs6 ?? "")).toBe(facts.manifest[n]?.trade.group);
        expect(Math.abs(line.netMassKg - (facts.manifest[n]?.massKg ?? 0))).toBeLessThan(0.1);
      }
      const gross = (truth.declaration as { consignment: { grossMassKg: number } }).consignment.grossMassKg;
      expect(Math.abs(gross - truth.massKg)).toBeLessThan(0.1);
    }
  });

  it("declare lithium batteries with their UN number where they are right", () => {
    const withBattery = inState("right").filter(({ facts }) => facts.classes.includes("battery"));
    expect(withBattery.length).toBeGreaterThan(0);
    for (const { truth } of withBattery)
      expect(linesOf(truth).some((line) => /^348[01]$/.test(line.undg ?? ""))).toBe(true);
  });

  it("say nothing where they are vague", () => {
    for (const { truth } of inState("vague")) {
      expect(truth.irregularities).toContain("DATA_QUALITY_A1");
      expect(linesOf(truth)).toHaveLength(1);
      expect(linesOf(truth)[0]?.hs6).toBeUndefined();
    }
  });

  it("never own up to a firearm or a narcotic, and say so in the truth", () => {
    const all = [...training, ...traffic];
    for (const [name, code] of [
      ["firearm", "THREAT_FIREARM"],
      ["narcotic", "THREAT_NARCOTIC"],
    ] as const) {
      const holding = all.filter(({ facts }) => facts.classes.includes(name));
      expect(holding.length).toBeGreaterThan(10);
      for (const { truth } of holding) {
        expect(truth.irregularities).toContain(code);
        expect(truth.declarationState).not.toBe("right");
      }
    }
  });

  it("give only documented reason codes, and find undeclared batteries, false contents, masses and values", () => {
    const codes = new Set([...training, ...traffic].flatMap(({ truth }) => truth.irregularities));
    for (const code of codes) expect(REASON_CODES).toHaveProperty(code);
    for (const code of [
      "BATTERY_UNDECLARED",
      "CONTENTS_MISMATCH",
      "MASS_MISMATCH",
      "VALUE_SUSPECT",
      "DECLARATION_MISSING",
    ]) {
      expect(codes).toContain(code);
    }
  });

  it("carry identifiers with right check digits, which the label repeats", () => {
    const schemes = new Set<string>();
    for (const { truth } of training) {
      const [identifier] = truth.identifiers;
      schemes.add(identifier?.scheme ?? "");
      expect(
        identifier?.scheme === "SSCC" ? isValidSscc(identifier.value) : isValidS10(identifier?.value ?? ""),
      ).toBe(true);
      expect(identify(truth.label)).toContainEqual(expect.objectContaining({ ...identifier }));
    }
    expect([...schemes].sort()).toEqual(["S10", "SSCC"]);
  });

  it("are dated from the moment they are received", () => {
    const { truth } = inState("right")[0] as (typeof training)[number];
    const declaration = declarationAt(truth, NOW) as Record<string, unknown>;
    expect(declaration["receivedAt"]).toBe("2026-03-01T08:00:00.000Z");
    expect(Date.parse(declaration["issuedAt"] as string)).toBeLessThan(NOW.getTime());
    const { eta } = declaration["transport"] as { eta: string };
    expect(Date.parse(eta)).toBeGreaterThan(NOW.getTime());
    const { retainUntil } = declaration["privacy"] as { retainUntil: string };
    expect(Date.parse(retainUntil)).toBeGreaterThan(Date.parse(eta));
    expect(declarationAt(truth, NOW)).toEqual(declaration);
  });
});

describe("the nomenclature", () => {
  it("files every kind of goods under a heading of its own group", () => {
    const random = new Random(5, "nomenclature");
    const kinds = new Set<string>();
    for (let n = 0; n < 1500; n++) {
      const item = n % 3 === 0 ? makeTarget(random.pick(TARGET_CLASSES), random) : makeBenign(random);
      const trade = tradeOf(item);
      kinds.add(item.kind);
      expect(goodsGroupOfChapter(trade.hs6), `${item.kind}: ${trade.description}`).toBe(trade.group);
    }
    expect(kinds.size).toBeGreaterThan(50);
    for (const pretext of PRETEXTS) expect(goodsGroupOfChapter(pretext.hs6)).toBe(pretext.group);
  });
});

import { describe, expect, it } from "vitest";
import { PSI_LIMIT } from "../../device/outcomes/drift.ts";
import { type JudgedHit, rate } from "../../device/outcomes/judged.ts";
import { performanceOf } from "../../device/outcomes/performance.ts";
import { rankingOf } from "../../device/outcomes/ranking.ts";

const DAY = 86_400_000;
const FROM = Date.UTC(2026, 2, 1);

/** Uniform numbers 0 ≤ x < 1. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface World {
  readonly items: number;
  readonly seed: number;
  /** Chance that an item which does not alarm is drawn. */
  readonly randomRate: number;
  /** What is true of an item that claims `probability`, at `part` 0..1 of the period. */
  readonly truth?: (probability: number, part: number) => number;
  readonly claim?: (draw: number, part: number) => number;
}

const ALARM_FROM = 0.3;

/** A period of scans whose alarms and random picks were fully examined, and the truth of all of them. */
function world({ items, seed, randomRate, truth = (p) => p, claim = (u) => u ** 4 }: World) {
  const next = generator(seed);
  const hits: JudgedHit[] = [];
  const irregular: boolean[] = [];
  for (let n = 0; n < items; n++) {
    const part = n / items;
    const probability = Math.min(0.99, Math.max(0.001, claim(next(), part)));
    const is = next() < truth(probability, part);
    const alarm = probability >= ALARM_FROM;
    const drawn = !alarm && next() < randomRate;
    irregular.push(is);
    hits.push({
      scanId: `scan-${n}`,
      revision: 1,
      at: FROM + part * 40 * DAY,
      lane: "lane-1",
      real: true,
      decision: alarm ? "ALARM" : "CLEAR",
      probability,
      logOdds: Math.log(probability / (1 - probability)),
      prior: 0.05,
      band: alarm ? "high" : "low",
      profile: "1",
      recommendation: alarm ? "PHYS_EXAM" : "RELEASE",
      selection: alarm
        ? { mode: "risk", probability: 1 }
        : { mode: drawn ? "random" : "risk", probability: randomRate },
      declared: true,
      flow: "postal",
      reasons: alarm ? ["THREAT_FIREARM"] : ["DATA_QUALITY_A1"],
      evidence: [["image", alarm ? 2 : -0.5]],
      models: ["threat-detector@1.0.0"],
      finding:
        alarm || drawn
          ? { result: is ? "confirmed" : "refuted", examination: "full", classes: [], at: FROM }
          : null,
      irregular: alarm || drawn ? is : null,
    });
  }
  return { hits, irregular };
}

const period = { from: FROM, to: FROM + 40 * DAY, unknownScan: 0 };

describe("precision and recall at what a site has hands for", () => {
  const { hits, irregular } = world({ items: 20_000, seed: 7, randomRate: 0.1 });
  const ranking = rankingOf(hits);
  const total = irregular.filter(Boolean).length;

  it("come out as the truth of all items has them, though most were never examined", () => {
    const order = hits
      .map((hit, at) => ({ hit, is: irregular[at] }))
      .sort((a, b) => b.hit.probability - a.hit.probability);
    for (const { share, items, precision, recall } of ranking.at) {
      const best = order.slice(0, items);
      const found = best.filter(({ is }) => is).length;
      expect(items).toBe(20_000 * share);
      expect(found / items).toBeGreaterThanOrEqual((precision.low ?? 1) - 1e-9);
      expect(found / items).toBeLessThanOrEqual((precision.high ?? 0) + 1e-9);
      expect(Math.abs((recall ?? 0) - found / total)).toBeLessThan(0.04);
    }
    expect(Math.abs((ranking.irregular ?? 0) / total - 1)).toBeLessThan(0.1);
    expect(ranking.random).toBeGreaterThan(500);
  });

  it("say what the alarms are worth", () => {
    const alarms = hits.flatMap((hit, at) => (hit.decision === "ALARM" ? [irregular[at] === true] : []));
    const found = alarms.filter(Boolean).length;
    expect(ranking.alarms).toMatchObject({
      items: alarms.length,
      precision: { count: found, of: alarms.length },
    });
    expect(Math.abs((ranking.alarms.recall ?? 0) - found / total)).toBeLessThan(0.06);
    const false_ = (alarms.length - found) / (hits.length - total);
    expect(Math.abs((ranking.alarms.falseAlarms ?? 0) - false_)).toBeLessThan(0.02);
  });

  it("give no recall where nothing was drawn at random, and say why", () => {
    const blind = rankingOf(world({ items: 2000, seed: 8, randomRate: 0 }).hits);
    expect(blind.at.every(({ recall, precision }) => recall === null && precision.of > 0)).toBe(true);
    expect(blind.alarms.recall).toBeNull();
    expect(blind.note).toMatch(/no item drawn at random/);
  });

  it("stand for what was drawn and not examined too, and take no examination that no rule asked for", () => {
    const half = hits.map((hit, at) => (at % 2 === 0 ? hit : { ...hit, irregular: null, finding: null }));
    expect(Math.abs((rankingOf(half).irregular ?? 0) / total - 1)).toBeLessThan(0.15);
    const tip = hits.map((hit, at) =>
      hit.irregular === null && irregular[at] ? { ...hit, irregular: true } : hit,
    );
    expect(rankingOf(tip).irregular).toBeCloseTo(ranking.irregular ?? 0, 6);
  });
});

describe("calibration", () => {
  it("of scores that say the truth is right, of others it is off, by reason and by model", () => {
    const good = performanceOf(world({ items: 4000, seed: 3, randomRate: 0.2 }).hits, period);
    expect(good.calibration.ece).toBeLessThan(0.06);
    expect(Math.abs(good.calibration.claim.z ?? 9)).toBeLessThan(3);
    expect(good.calibration.brier ?? 1).toBeLessThan(good.calibration.brierReference ?? 0);
    expect(good.calibration.intervals.auc?.low).toBeLessThan(good.calibration.auc ?? 0);
    const parts = [...good.reasons, ...good.models];
    expect(parts.flatMap(({ findings, drift }) => [...findings, ...drift.findings])).toEqual([]);
    const [model] = good.models;
    expect(model).toMatchObject({ recall: 1, ece: good.calibration.ece, at: good.ranking.at });
    // Every item has one of the two reasons: together they hold all that is irregular.
    expect(good.reasons.reduce((sum, { recall }) => sum + (recall ?? 0), 0)).toBeCloseTo(1, 9);
    const bad = performanceOf(
      world({ items: 4000, seed: 3, randomRate: 0.2, truth: (p) => p / 3 }).hits,
      period,
    );
    expect(bad.calibration.ece).toBeGreaterThan(0.1);
    expect(bad.reasons.find(({ name }) => name === "THREAT_FIREARM")?.findings[0]).toMatch(
      /^claims too much: \d+ found/,
    );
    expect(bad.models[0]).toMatchObject({ name: "threat-detector@1.0.0", findings: [/claims too much/] });
  });

  it("learns from full examinations only", () => {
    const { hits } = world({ items: 500, seed: 4, randomRate: 1 });
    const papers = hits.map((hit) => ({
      ...hit,
      irregular: null,
      finding: { result: "confirmed", examination: "documents", classes: [], at: FROM },
    }));
    const figures = performanceOf(papers, period);
    expect(figures.outcomes).toMatchObject({ confirmed: 500, full: 0 });
    expect(figures.calibration).toMatchObject({ ece: null, brier: null, auc: null, bins: [] });
    expect(figures.ranking.at[0]?.precision).toMatchObject({ of: 0, share: null });
  });

  it("of nothing is nothing, not an error", () => {
    const figures = performanceOf([], period);
    expect(figures).toMatchObject({ hits: 0, reasons: [], models: [], drift: { psi: null, findings: [] } });
  });
});

describe("drift", () => {
  it("is found where the world changes in the newest quarter, in scores or in what they are worth, and else is not", () => {
    const still = performanceOf(world({ items: 3000, seed: 5, randomRate: 0.2 }).hits, period);
    expect(still.drift.findings).toEqual([]);
    expect(still.drift.psi).toBeLessThan(0.05);
    const worth = world({
      items: 3000,
      seed: 5,
      randomRate: 0.2,
      truth: (p, part) => (part < 0.75 ? p : p / 4),
    });
    expect(performanceOf(worth.hits, period).drift.findings).toEqual([
      expect.stringMatching(/^fewer irregular items/),
    ]);
    const moved = world({
      items: 3000,
      seed: 5,
      randomRate: 0.2,
      claim: (u, part) => u ** (part < 0.75 ? 4 : 1.5),
    });
    const figures = performanceOf(moved.hits, period);
    expect(figures.drift.psi).toBeGreaterThan(PSI_LIMIT);
    expect(figures.drift.findings[0]).toMatch(/^the scores have moved/);
    expect(figures.models[0]?.drift.findings[0]).toMatch(/^the scores have moved/);
    expect(figures.reasons.find(({ name }) => name === "THREAT_FIREARM")?.findings[0]).toMatch(
      /^more often than before/,
    );
  });
});

it("intervals are Wilson's", () => {
  // E. B. Wilson 1927; 10 of 20 and 0 of 10, as tabulated widely.
  const half = rate(10, 20);
  expect(half.low).toBeCloseTo(0.2993, 4);
  expect(half.high).toBeCloseTo(0.7007, 4);
  expect(rate(0, 10).high).toBeCloseTo(0.2775, 4);
  expect(rate(0, 0)).toMatchObject({ share: null, low: null, high: null });
});

import { describe, expect, it } from "vitest";
import {
  Comparison,
  moved,
  type Said,
  ScoreWindow,
  saidBy,
  stabilityIndex,
} from "../../device/models/comparison.ts";
import type { InspectedPackage } from "../../device/models/inspect.ts";
import * as lifecycle from "../../device/models/lifecycle.ts";
import { Probation } from "../../device/models/probation.ts";
import { emptyState, type ModelsState } from "../../device/models/state.ts";
import type { Analysis } from "../../device/scan.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { Dice } from "../fixtures/mutate.ts";

const NAME = "threat-detector";
const BARE: lifecycle.Standing = { floor: undefined, base: undefined };
const GATES = { latencyRatio: 1.2, psi: 0.2 };

function found(version: string, sha256 = "a".repeat(64)): InspectedPackage {
  return { name: NAME, version, task: "detection", directory: "", sha256, trustedBy: "k" };
}

function installed(...versions: readonly string[]): ModelsState {
  const state = emptyState();
  for (const [at, version] of versions.entries()) lifecycle.recordInstalled(state, found(version), at);
  return state;
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isLynceusError(error, "LYN_MODEL_STATE")) return error.message;
    throw error;
  }
  return "done";
}

const stageOf = (state: ModelsState, version: string) => lifecycle.versionOf(state, NAME, version)?.stage;

describe("what becomes of installed packages", () => {
  it("goes up one version after the other, and back to the one before", () => {
    const state = installed("1.0.0", "1.1.0");
    lifecycle.activate(state, NAME, "1.0.0", BARE, 10);
    lifecycle.beginTrial(state, NAME, "1.1.0", "shadow", 11);
    lifecycle.beginTrial(state, NAME, "1.1.0", "canary", 12);
    expect(lifecycle.candidateOf(lifecycle.managedOf(state, NAME))?.version).toBe("1.1.0");
    lifecycle.activate(state, NAME, "1.1.0", BARE, 13);
    expect([stageOf(state, "1.0.0"), stageOf(state, "1.1.0")]).toEqual(["retired", "active"]);
    expect(lifecycle.rollBack(state, NAME, "it crashed", 14)).toBe("1.0.0");
    expect([stageOf(state, "1.0.0"), stageOf(state, "1.1.0")]).toEqual(["active", "failed"]);
    expect(refusal(() => lifecycle.rollBack(state, NAME, null, 15))).toContain(
      "no package of threat-detector to go back to",
    );
    expect(refusal(() => lifecycle.activate(state, NAME, "1.1.0", BARE, 16))).toContain(
      "has failed: it crashed",
    );
  });

  it("goes back to the package of the release where none was installed before", () => {
    const state = installed("1.0.0");
    lifecycle.activate(state, NAME, "1.0.0", { floor: undefined, base: "0.4.0" }, 10);
    expect(lifecycle.rollBack(state, NAME, null, 11)).toBeNull();
    expect(stageOf(state, "1.0.0")).toBe("retired");
  });

  it("takes nothing older than what runs, ran or is proved, and no other content under a known number", () => {
    const state = installed("1.1.0");
    expect(
      refusal(() => lifecycle.checkInstall(state, found("0.3.0"), { ...BARE, base: "0.4.0" })),
    ).toContain("older than 0.4.0");
    expect(
      refusal(() => lifecycle.checkInstall(state, found("0.9.0"), { ...BARE, floor: "1.0.0" })),
    ).toContain("older than 1.0.0");
    expect(refusal(() => lifecycle.checkInstall(state, found("1.1.0", "b".repeat(64)), BARE))).toContain(
      "other content",
    );
    lifecycle.activate(state, NAME, "1.1.0", BARE, 10);
    expect(lifecycle.recordProof(state, NAME, "1.1.0")).toBe(true);
    lifecycle.recordInstalled(state, found("1.2.0"), 11);
    lifecycle.activate(state, NAME, "1.2.0", BARE, 12);
    lifecycle.rollBack(state, NAME, null, 13);
    expect(refusal(() => lifecycle.checkInstall(state, found("1.0.9"), BARE))).toContain("older than 1.1.0");
    expect(refusal(() => lifecycle.activate(state, NAME, "9.9.9", BARE, 14))).toContain("is not installed");
  });

  it("gives a package up whose loads never prove good, also where each brings the whole machine down", () => {
    const state = installed("1.0.0");
    lifecycle.activate(state, NAME, "1.0.0", BARE, 10);
    for (let load = 0; load < lifecycle.MAX_LOSSES; load++)
      expect(lifecycle.countLoads(state, 11)).toEqual([]);
    expect(lifecycle.countLoads(state, 12)).toEqual([
      { name: NAME, version: "1.0.0", reason: "3 loads of it never proved good" },
    ]);
    expect(state.models[NAME]?.active).toBeNull();
    // A clean stop is proof enough.
    lifecycle.recordInstalled(state, found("1.0.1"), 13);
    lifecycle.activate(state, NAME, "1.0.1", BARE, 14);
    for (let load = 0; load < 10; load++) {
      expect(lifecycle.countLoads(state, 15)).toEqual([]);
      lifecycle.forgetLoads(state);
    }
    // Models that are replaced again and again in one life of the gateway count once.
    for (let load = 0; load < 10; load++) lifecycle.countFirstLoads(state);
    expect(lifecycle.versionOf(state, NAME, "1.0.1")?.attempts).toBe(1);
  });

  it("counts losses of ten minutes only", () => {
    const state = installed("1.0.0");
    const entry = lifecycle.versionOf(state, NAME, "1.0.0")!;
    const far = lifecycle.LOSS_WINDOW_MS;
    expect([0, far + 1, 2 * far + 2].map((at) => lifecycle.recordLoss(entry, at))).toEqual([
      false,
      false,
      false,
    ]);
    expect([1, 2].map((more) => lifecycle.recordLoss(entry, 2 * far + 2 + more))).toEqual([false, true]);
  });

  it("keeps few versions: those that run and ran, and the newest", () => {
    const state = installed("1.0.0");
    lifecycle.activate(state, NAME, "1.0.0", BARE, 0);
    const removed: string[] = [];
    for (let minor = 1; minor <= 20; minor++)
      removed.push(...lifecycle.recordInstalled(state, found(`1.${minor}.0`), minor));
    const kept = state.models[NAME]?.versions.map(({ version }) => version) ?? [];
    expect(kept).toHaveLength(lifecycle.MAX_VERSIONS);
    expect(kept).toContain("1.0.0");
    expect(kept).toContain("1.20.0");
    expect(removed).toHaveLength(21 - lifecycle.MAX_VERSIONS);
  });
});

describe("a package beside another", () => {
  const said = (score: number | null, milliseconds = 10, finding: string | null = "nothing"): Said => {
    return { score, milliseconds, finding };
  };
  const dice = new Dice(7);
  const draws = () => dice.below(1_000_000) / 1_000_000;

  it("passes where scores and times are alike, and says by how much they are not", () => {
    const comparison = new Comparison();
    for (let scan = 0; scan < 500; scan++) {
      const score = draws() ** 4;
      comparison.add(
        said(score),
        said(Math.min(1, score * 1.02), 11, scan % 100 === 0 ? "found" : "nothing"),
      );
    }
    expect(comparison.verdict(GATES)).toBeNull();
    const figures = comparison.figures();
    expect(figures).toMatchObject({
      compared: 500,
      failures: 0,
      disagreements: 5,
      p99Ms: 11,
      activeP99Ms: 10,
    });
    expect(figures.psi).toBeLessThan(0.05);
  });

  it("fails by one run that gave nothing, by its scores, by its times", () => {
    const other = (change: (score: number) => Said) => {
      const comparison = new Comparison();
      for (let scan = 0; scan < 500; scan++) {
        const score = draws() ** 4;
        comparison.add(said(score), change(score));
      }
      return comparison;
    };
    const failing = other((score) => said(score));
    failing.fail();
    expect(failing.verdict(GATES)).toContain("1 of its runs gave nothing");
    expect(other((score) => said(Math.sqrt(score))).verdict(GATES)).toContain("its scores have moved");
    expect(other((score) => said(score, 20)).verdict(GATES)).toContain("99th percentile is 20.0 ms");
    expect(other((score) => said(score, 13)).verdict(GATES)).toBeNull();
    expect(other(() => said(null)).verdict(GATES)).toBeNull();
  });

  it("is not slower by single runs that something else on the machine made long", () => {
    const slowIn = (every: number) => {
      const comparison = new Comparison();
      for (let scan = 0; scan < 500; scan++)
        comparison.add(said(0.1), said(0.1, scan % every === 0 ? 90 : 10));
      return comparison.verdict(GATES);
    };
    expect(slowIn(20)).toBeNull();
    expect(slowIn(5)).toContain("99th percentile is 90.0 ms");
  });

  it("is counted within bounds, and known to have moved only where there is something to compare", () => {
    const [before, after] = [new ScoreWindow(), new ScoreWindow()];
    expect(stabilityIndex(before, after)).toBeNull();
    expect(moved(before, after, GATES)).toBeNull();
    for (let scan = 0; scan < 3000; scan++) before.add(said(0.5, scan < 2500 ? 1 : 5));
    // The same scores, few beside many: nothing has moved.
    for (let scan = 0; scan < 5; scan++) after.add(said(0.5, 1));
    expect(stabilityIndex(before, after)).toBeCloseTo(0, 9);
    expect(moved(before, after, GATES)).toBeNull();
    expect(before.runs).toBe(1000);
    expect(before.p99).toBe(5);
  });

  it("on probation is held against the package before as the machine is now, by the models beside it", () => {
    const other = "embedding";
    const analysisOf = (version: string, own: number, beside: number) =>
      ({
        detections: [],
        models: [
          { name: NAME, version, sha256: "", provider: "cpu", milliseconds: own },
          { name: other, version: "1.0.0", sha256: "", provider: "cpu", milliseconds: beside },
        ],
        problems: [],
      }) as unknown as Analysis;
    const verdictOf = (own: number, beside: number) => {
      const said: string[] = [];
      const probation = new Probation({
        gates: GATES,
        scans: 50,
        proved: (name) => void said.push(`${name} proved`),
        failed: (name, _version, reason) => void said.push(`${name} ${reason}`),
      });
      const both = (version: string) => [
        { name: NAME, version, task: "detection" },
        { name: other, version: "1.0.0", task: "embedding" },
      ];
      probation.follow(both("1.0.0"), () => false);
      for (let scan = 0; scan < 50; scan++) probation.take(analysisOf("1.0.0", 10, 20));
      probation.follow(both("1.1.0"), (name) => name === NAME);
      for (let scan = 0; scan < 50; scan++) probation.take(analysisOf("1.1.0", own, beside));
      return said;
    };
    expect(verdictOf(10, 20)).toEqual([`${NAME} proved`]);
    expect(verdictOf(25, 50)).toEqual([`${NAME} proved`]);
    expect(verdictOf(25, 20)).toEqual([expect.stringContaining("99th percentile is 25.0 ms")]);
    expect(verdictOf(90, 30)).toEqual([expect.stringContaining("99th percentile is 90.0 ms")]);
  });

  it("is heard by the task of its package", () => {
    const analysis: Analysis = {
      detections: [
        {
          class: "blade",
          score: 0.6,
          threshold: 0.5,
          model: `${NAME}@1.0.0`,
          certified: false,
          prevalence: 0.1,
          boxes: [],
        },
        {
          class: "blade",
          score: 0.9,
          threshold: 0.5,
          model: "other@1.0.0",
          certified: false,
          prevalence: 0.1,
          boxes: [],
        },
      ],
      contents: [{ group: "metals", score: 0.8, share: 0.5 }],
      quality: 1,
      airEstimated: false,
      images: [],
      models: [
        { name: NAME, version: "1.0.0", sha256: "", provider: "cpu", milliseconds: 3 },
        { name: "goods-classifier", version: "1.0.0", sha256: "", provider: "cpu", milliseconds: 4 },
        { name: "embedding", version: "1.0.0", sha256: "", provider: "cpu", milliseconds: 5 },
      ],
      analysed: true,
      problems: [],
    };
    const of = (name: string, task: string) => saidBy({ name, task }, analysis);
    expect(of(NAME, "detection")).toEqual({ score: 0.6, finding: "found", milliseconds: 3 });
    expect(of("goods-classifier", "contents")).toEqual({ score: 0.8, finding: "metals", milliseconds: 4 });
    expect(of("embedding", "embedding")).toEqual({ score: null, finding: null, milliseconds: 5 });
    expect(of("absent", "detection")).toBeNull();
  });
});

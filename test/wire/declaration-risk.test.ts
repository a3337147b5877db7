import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtInModels } from "../../device/inference/built-in.ts";
import { joinLines } from "../../device/inference/declaration-model.ts";
import { DeclarationRisk, MAX_KEPT_RISKS } from "../../device/inference/declaration-risk.ts";
import { declaredLines, MAX_DECLARED_LINES } from "../../device/inference/declared-lines.ts";
import { InferenceSupervisor } from "../../device/inference/supervisor.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import { temporaryFolder } from "../fixtures/image-files.ts";

const DECLARATION: Declaration = {
  schema: "customs-aed/1.0",
  aedId: "018f2b7e-6a3c-7c1e-9b52-0d6a1f3e4c01",
  revision: 1,
  function: "original",
  receivedAt: "2026-03-01T08:12:09Z",
  direction: "import",
  transport: { mode: "4", originOe: "GBLALA" },
  consignment: { packageCount: 1, totalValue: { amount: "35.00", currency: "GBP" } },
  items: [{ seq: 1, description: "baby blanket", hs6: "630130", netMassKg: 0.62, originCountry: "PT" }],
};

describe("the lines of a declaration", () => {
  it("hold what was declared and leave missing what was not", () => {
    expect(declaredLines(DECLARATION)).toEqual([
      {
        hs6: "630130",
        originCountry: "PT",
        departureCountry: "GB",
        transportMode: "4",
        netMassKg: 0.62,
        value: { amount: "35.00", currency: "GBP" },
      },
    ]);
    const [bare] = declaredLines({ ...DECLARATION, transport: undefined, consignment: undefined });
    expect(bare).toMatchObject({ departureCountry: undefined, transportMode: undefined, value: undefined });
  });

  it("are as many as are looked at, and share no value of the consignment", () => {
    const item = DECLARATION.items![0]!;
    const lines = declaredLines({
      ...DECLARATION,
      items: Array.from({ length: MAX_DECLARED_LINES + 1 }, () => item),
    });
    expect(lines).toHaveLength(MAX_DECLARED_LINES);
    expect(lines[0]!.value).toBeUndefined();
  });

  it("count as one irregular line among them, not known which", () => {
    expect(joinLines([], 0.2)).toBe(0.2);
    expect(joinLines([0.7], 0.2)).toBeCloseTo(0.7, 12);
    expect(joinLines([0.2, 0.2, 0.2], 0.2)).toBeCloseTo(0.2, 12);
    // Odds 4 and 0.25 at a prior of 1: mean 2.125.
    expect(joinLines([0.8, 0.2], 0.5)).toBeCloseTo(2.125 / 3.125, 12);
    expect(joinLines([1, 0], 0.5)).toBeLessThan(1);
  });
});

describe("the risk of a declaration on the gateway", () => {
  let supervisor: InferenceSupervisor;
  beforeAll(async () => {
    supervisor = new InferenceSupervisor({
      models: { names: [], folders: [builtInModels()] },
      log: SILENT_LOG,
    });
    await supervisor.start();
  });
  afterAll(() => supervisor.stop());

  it("comes from the package of the project, calibrated, with its prevalence", async () => {
    const risk = new DeclarationRisk({ inference: supervisor, waitMs: 60_000 });
    const found = await risk.assess(DECLARATION);
    expect(found?.model).toMatch(/^declaration-risk@\d+\.\d+\.\d+$/);
    expect(found!.p).toBeGreaterThan(0);
    expect(found!.p).toBeLessThan(1);
    expect(found!.prevalence).toBeCloseTo(0.217, 3);
    expect(await risk.assess(DECLARATION)).toBe(found);
  });

  it("is nothing for an export and without an HS code", async () => {
    const risk = new DeclarationRisk({ inference: supervisor });
    expect(await risk.assess({ ...DECLARATION, direction: "export" })).toBeNull();
    expect(await risk.assess({ ...DECLARATION, items: [{ seq: 1, description: "blanket" }] })).toBeNull();
    expect(await risk.assess({ ...DECLARATION, items: undefined })).toBeNull();
  });

  it("is nothing where no package is, and the analysis process stays", async () => {
    await using folder = await temporaryFolder();
    const bare = new InferenceSupervisor({ models: { names: [], folders: [folder.path] }, log: SILENT_LOG });
    await bare.start();
    try {
      const risk = new DeclarationRisk({ inference: bare, waitMs: 60_000 });
      expect(await risk.assess(DECLARATION)).toBeNull();
      expect(bare.state.restarts).toBe(0);
    } finally {
      await bare.stop();
    }
  });

  it("is not waited for beyond its time, and counts when it came", async () => {
    const answer = Promise.withResolvers<{ p: number; prevalence: number; model: string }>();
    const risk = new DeclarationRisk({ inference: { assess: () => answer.promise }, waitMs: 1 });
    expect(await risk.assess(DECLARATION)).toBeNull();
    answer.resolve({ p: 0.5, prevalence: 0.2, model: "m@1.0.0" });
    await answer.promise;
    expect(await risk.assess(DECLARATION)).toMatchObject({ p: 0.5 });
  });

  it("is kept for no more declarations than its bound", async () => {
    let asked = 0;
    const assess = async () => {
      asked += 1;
      return { p: 0.5, prevalence: 0.2, model: "m@1.0.0" };
    };
    const risk = new DeclarationRisk({ inference: { assess } });
    for (let revision = 1; revision <= MAX_KEPT_RISKS + 1; revision++)
      await risk.assess({ ...DECLARATION, revision });
    await risk.assess({ ...DECLARATION, revision: MAX_KEPT_RISKS });
    expect(asked).toBe(MAX_KEPT_RISKS + 1);
    await risk.assess({ ...DECLARATION, revision: 1 });
    expect(asked).toBe(MAX_KEPT_RISKS + 2);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtInModels } from "../../device/inference/built-in.ts";
import { joinLines } from "../../device/inference/declaration-model.ts";
import { DeclarationRisk, MAX_AHEAD, MAX_KEPT_RISKS } from "../../device/inference/declaration-risk.ts";
import { declaredLines, MAX_DECLARED_LINES } from "../../device/inference/declared-lines.ts";
import type { RiskOfDeclaration } from "../../device/inference/port.ts";
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
    const risk = new DeclarationRisk({ inference: supervisor, waitMs: 60_000, log: SILENT_LOG });
    const found = await risk.of({ declaration: DECLARATION }, true);
    expect(found?.model).toMatch(/^declaration-risk@\d+\.\d+\.\d+$/);
    expect(found!.p).toBeGreaterThan(0);
    expect(found!.p).toBeLessThan(1);
    expect(found!.prevalence).toBeCloseTo(0.217, 3);
    expect(await risk.of({ declaration: DECLARATION }, false)).toBe(found);
  });

  it("is nothing for an export and without an HS code", async () => {
    const risk = new DeclarationRisk({ inference: supervisor, log: SILENT_LOG });
    const of = (change: Partial<Declaration>) =>
      risk.of({ declaration: { ...DECLARATION, ...change } }, true);
    expect(await of({ direction: "export" })).toBeNull();
    expect(await of({ items: [{ seq: 1, description: "blanket" }] })).toBeNull();
    expect(await of({ items: undefined })).toBeNull();
  });

  it("is nothing where no package is, and the analysis process stays", async () => {
    await using folder = await temporaryFolder();
    const bare = new InferenceSupervisor({ models: { names: [], folders: [folder.path] }, log: SILENT_LOG });
    await bare.start();
    try {
      const risk = new DeclarationRisk({ inference: bare, waitMs: 60_000, log: SILENT_LOG });
      expect(await risk.of({ declaration: DECLARATION }, true)).toBeNull();
      expect(bare.state.restarts).toBe(0);
    } finally {
      await bare.stop();
    }
  });
});

const RISK = { p: 0.5, prevalence: 0.2, model: "m@1.0.0" };

/** A model whose answers come when the test says so. */
function slowModel() {
  const asked: PromiseWithResolvers<RiskOfDeclaration | null>[] = [];
  const assess = () => {
    const answer = Promise.withResolvers<RiskOfDeclaration | null>();
    asked.push(answer);
    return answer.promise;
  };
  return { asked, inference: { assess } };
}

describe("a risk that is asked for ahead", () => {
  it("is kept with the declaration when it comes, and no first score waits for it", async () => {
    const { asked, inference } = slowModel();
    const kept: unknown[] = [];
    const keep = async (given: unknown) => void kept.push(given);
    const risk = new DeclarationRisk({ inference, keep, log: SILENT_LOG });
    risk.ahead(DECLARATION);
    expect(await risk.of({ declaration: DECLARATION }, false)).toBeNull();
    asked[0]!.resolve(RISK);
    await expect.poll(() => kept).toEqual([{ aedId: DECLARATION.aedId, revision: 1, risk: RISK }]);
    expect(await risk.of({ declaration: DECLARATION }, false)).toEqual(RISK);
    expect(asked).toHaveLength(1);
  });

  it("is taken from the store after a restart, and asked for anew where another model said it", async () => {
    const { asked, inference } = slowModel();
    const risk = new DeclarationRisk({ inference, log: SILENT_LOG });
    expect(await risk.of({ declaration: DECLARATION, risk: RISK }, false)).toEqual(RISK);
    expect(asked).toHaveLength(0);
    risk.ahead({ ...DECLARATION, revision: 2 });
    asked[0]!.resolve({ ...RISK, model: "m@2.0.0" });
    await expect
      .poll(async () => (await risk.of({ declaration: { ...DECLARATION, revision: 2 } }, false))?.model)
      .toBe("m@2.0.0");
    // The old word counts until the new one is there.
    expect(await risk.of({ declaration: DECLARATION, risk: RISK }, true)).toEqual(RISK);
    asked[1]!.resolve({ ...RISK, p: 0.1, model: "m@2.0.0" });
    await expect
      .poll(() => risk.of({ declaration: DECLARATION, risk: RISK }, false))
      .toMatchObject({ p: 0.1, model: "m@2.0.0" });
  });

  it("is waited for by a revision, not beyond its time, and counts when it came", async () => {
    const { asked, inference } = slowModel();
    const risk = new DeclarationRisk({ inference, waitMs: 1, log: SILENT_LOG });
    expect(await risk.of({ declaration: DECLARATION }, true)).toBeNull();
    asked[0]!.resolve(RISK);
    await asked[0]!.promise;
    expect(await risk.of({ declaration: DECLARATION }, true)).toMatchObject({ p: 0.5 });
  });

  it("costs nothing but itself where the model or the disk fails", async () => {
    const fails = () => Promise.reject(new Error("no disk"));
    const broken = new DeclarationRisk({ inference: { assess: fails }, log: SILENT_LOG });
    expect(await broken.of({ declaration: DECLARATION }, true)).toBeNull();
    const answering = { assess: async () => RISK };
    const unkept = new DeclarationRisk({ inference: answering, keep: fails, log: SILENT_LOG });
    expect(await unkept.of({ declaration: DECLARATION }, true)).toEqual(RISK);
  });

  it("is asked for a few at a time, and for no more declarations than its bound", async () => {
    const { asked, inference } = slowModel();
    const risk = new DeclarationRisk({ inference, log: SILENT_LOG });
    const over = 40;
    for (let revision = 1; revision <= MAX_AHEAD + over; revision++) risk.ahead({ ...DECLARATION, revision });
    expect(asked.length).toBeLessThan(over);
    for (let at = 0; at < asked.length; at++) {
      asked[at]!.resolve(RISK);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(asked.length).toBeLessThan(MAX_AHEAD + over);
    // What was passed over is asked for with its item.
    expect(await risk.of({ declaration: { ...DECLARATION, revision: MAX_AHEAD + over } }, false)).toBeNull();
    asked.at(-1)!.resolve(RISK);
    await expect
      .poll(() => risk.of({ declaration: { ...DECLARATION, revision: MAX_AHEAD + over } }, false))
      .toEqual(RISK);
  });

  it("is kept at hand for no more declarations than its bound", async () => {
    let asked = 0;
    const assess = async () => {
      asked += 1;
      return RISK;
    };
    const risk = new DeclarationRisk({ inference: { assess }, log: SILENT_LOG });
    const of = (revision: number) => risk.of({ declaration: { ...DECLARATION, revision } }, true);
    for (let revision = 1; revision <= MAX_KEPT_RISKS + 1; revision++) await of(revision);
    await of(MAX_KEPT_RISKS);
    expect(asked).toBe(MAX_KEPT_RISKS + 1);
    await of(1);
    expect(asked).toBe(MAX_KEPT_RISKS + 2);
  });
});

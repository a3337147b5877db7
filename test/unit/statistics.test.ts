import { describe, expect, test } from "vitest";
import { assessQuality } from "../../device/fusion/quality.ts";
import { fusionSettings } from "../../device/fusion/settings.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { DeclaredStatistics, MAX_SENDERS, MAX_VOLUMES } from "../../device/statistics/declared.ts";
import { ScannedStatistics } from "../../device/statistics/scanned.ts";
import { StatisticsPublisher } from "../../device/statistics/statistics.ts";
import { wilson } from "../../device/statistics/wilson.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import { encodeEvent } from "../../protocols/mqtt/encode-event.ts";
import { type Statistics, statisticsSchema } from "../../protocols/mqtt/statistics.ts";
import { QUALITY_METRICS } from "../../protocols/vocabulary.ts";
import { manyDeclarations, trafficDeclaration } from "../fixtures/declaration-traffic.ts";
import { declarationOf, stored } from "../fixtures/fusion.ts";
import { until } from "../fixtures/processes.ts";
import { sampleHit } from "../fixtures/sample-hit.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

const SETTINGS = fusionSettings();
const BASE = {
  from: "2026-03-01T00:00:00.000Z",
  to: "2026-03-01T01:00:00.000Z",
  lanes: [],
  models: [],
  outcomes: { confirmed: 0, refuted: 0, partial: 0, unknownScan: 0 },
};

function declared(declaration: Declaration, scrubbed = 0) {
  return { declaration, quality: assessQuality(stored(declaration), SETTINGS), scrubbed };
}

test("Wilson's interval", () => {
  // R: binom::binom.wilson(8, 10), (1, 100), and the ends.
  expect(wilson(8, 10)).toEqual({ low: expect.closeTo(0.490162, 5), high: expect.closeTo(0.943318, 5) });
  expect(wilson(1, 100)).toEqual({ low: expect.closeTo(0.001767, 5), high: expect.closeTo(0.054487, 5) });
  expect(wilson(0, 10)).toEqual({ low: 0, high: expect.closeTo(0.277533, 5) });
  expect(wilson(10, 10)).toEqual({ low: expect.closeTo(0.722467, 5), high: 1 });
  expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
});

describe("what declarations say of their senders", () => {
  test("counts by declarant, platform, post and regime, with the interval of each metric", () => {
    const statistics = new DeclaredStatistics();
    const parties = {
      ...declarationOf().parties,
      declarant: { kind: "legal", publicId: "NL123" },
      platform: { kind: "legal", publicId: "SHOP1" },
    } as const;
    statistics.add(declared(declarationOf({ parties }), 2));
    statistics.add(
      declared(declarationOf({ parties, items: [{ seq: 1, description: "gift", originCountry: "PT" }] })),
    );
    statistics.add(
      declared(
        declarationOf({ parties: { consignor: { kind: "natural", token: "k7:AAAAAAAAAAAAAAAAAAAAAA" } } }),
      ),
    );
    const figures = statistics.figures();
    expect(figures.scrubbed).toBe(2);
    const of = (by: string, key: string) =>
      figures.dataQualityBy?.find((one) => one.by === by && one.key === key);
    expect(of("declarant", "NL123")).toMatchObject({
      declarations: 2,
      metrics: { A1: { checked: 2, failed: 1, ...wilson(1, 2) } },
    });
    expect(of("platform", "SHOP1")?.declarations).toBe(2);
    expect(of("declarant", "natural persons")?.declarations).toBe(1);
    expect(of("post", "GB")?.declarations).toBe(3);
    expect(of("regime", "UPU_ITMATT")?.declarations).toBe(3);
    expect(JSON.stringify(figures)).not.toContain("k7:");
  });

  test("volumes by flow, chapter and origin; latency; amendments", () => {
    const statistics = new DeclaredStatistics();
    statistics.add(declared(declarationOf()));
    statistics.add(
      declared(
        declarationOf({
          items: [
            { seq: 1, description: "a", hs6: "630130", netMassKg: 1, originCountry: "PT" },
            { seq: 2, description: "b", hs6: "630140", netMassKg: 2, originCountry: "PT" },
          ],
        }),
      ),
    );
    statistics.add(
      declared(declarationOf({ function: "amend", revision: 2, transport: { ata: "2026-03-01T00:00:00Z" } })),
    );
    statistics.add(declared(declarationOf({ function: "cancel", revision: 3 })));
    expect(statistics.figures()).toMatchObject({
      volumes: [{ flow: "postal", chapter: "63", origin: "PT", declarations: 2, items: 3, netMassKg: 3.62 }],
      timeliness: {
        declarations: 3,
        latencyP50Seconds: 9,
        latencyP95Seconds: 9,
        amended: 1,
        amendedAfterArrival: 1,
      },
    });
  });

  test("of any number of senders and goods a message within its limits, which the schema takes", () => {
    const statistics = new DeclaredStatistics();
    for (let index = 0; index < 6000; index += 1) {
      const declaration = trafficDeclaration(1, index);
      const [item] = declaration.items ?? [];
      statistics.add({
        quality: {
          score: 1,
          failed: { C2: 1 },
          unsaid: { C2: 1 },
          checked: [
            "T1",
            "T3",
            "C1",
            "C2",
            "C3",
            "C4",
            "C5",
            "A1",
            "A2",
            "A3",
            "A4",
            "A6",
            "K1",
            "K2",
            "K3",
            "K4",
          ],
          findings: [],
        },
        scrubbed: 0,
        declaration: {
          ...declaration,
          parties: { declarant: { kind: "legal", publicId: `NL${index}` } },
          items: [
            { ...item, seq: 1, description: "x", hs6: `${String(1 + (index % 76)).padStart(2, "0")}0000` },
          ],
        },
      });
    }
    const data = statisticsSchema.parse({ ...BASE, ...statistics.figures() });
    expect(data.dataQualityBy).toHaveLength(MAX_SENDERS);
    expect(data.volumes).toHaveLength(MAX_VOLUMES);
    expect(data.volumes?.reduce((sum, { items }) => sum + items, 0)).toBe(6000);
    expect(data.volumes?.at(-1)).toMatchObject({ flow: null, chapter: null, origin: null });
    const bytes = encodeEvent({
      name: "statistics",
      id: "a",
      source: "/NLRTM-EX/gw-01",
      time: BASE.to,
      data,
    });
    expect(bytes.length).toBeLessThanOrEqual(64 * 1024);
  });
});

test("what first hits say: link rate, pieces, decisions, models; synthetic scans apart", () => {
  const statistics = new ScannedStatistics();
  const hit = sampleHit();
  statistics.add(hit);
  statistics.add({ ...hit, declarations: [], scan: { ...hit.scan, acquisition: ["INCOMPLETE"] } });
  statistics.add({ ...hit, scan: { ...hit.scan, origin: "SYNTHETIC" } });
  statistics.add({ ...hit, revision: 2 });
  statistics.add({ ...hit, models: [], reasons: [{ code: "MODEL_FAULT", weight: 0, text: "" }] });
  const other = { ...hit, declarations: [] };
  const known = hit.identifiers[0]!;
  statistics.add({
    ...other,
    lane: "lane-2",
    identifiers: [{ ...known, scheme: "MAWB", value: "02012345675" }],
  });
  statistics.add({ ...other, lane: "lane-2", identifiers: [] });
  const { lanes, models, linkRate } = statistics.figures();
  expect(linkRate?.map(({ flow, checked, failed }) => [flow, checked, failed])).toEqual([
    ["postal", 3, 1],
    ["air_cargo", 1, 1],
    [null, 1, 1],
  ]);
  expect(linkRate?.[0]).toMatchObject({ low: expect.closeTo(0.0615, 3), high: expect.closeTo(0.7923, 3) });
  expect(
    lanes.slice(0, 2).map(({ synthetic, scans, incomplete, withDeclaration }) => ({
      synthetic,
      scans,
      incomplete,
      withDeclaration,
    })),
  ).toEqual([
    { synthetic: false, scans: 3, incomplete: 1, withDeclaration: 2 },
    { synthetic: true, scans: 1, incomplete: 0, withDeclaration: 1 },
  ]);
  expect(lanes[0]?.dataQuality.T2).toEqual({ checked: 3, failed: 1 });
  expect(models[0]).toMatchObject({ runs: 5, failures: 1 });
  statisticsSchema.parse({ ...BASE, lanes, models, linkRate });
});

test("a message is cut to its limit, and what others cannot count does not hold it up", async () => {
  using folder = temporaryFolder();
  const spool = await openTestSpool(folder.path);
  const told: Statistics[] = [];
  let fails = true;
  const publisher = new StatisticsPublisher({
    spool,
    publish: async (statistics) => told.push(statisticsSchema.parse(statistics)) > 0,
    settings: () => SETTINGS,
    more: async () => {
      if (fails) throw new Error("not counted");
      const lanes = Array.from({ length: 64 }, (_, at) => ({
        ...laneOf(`lane-${at}`),
        dataQuality: laneQuality(),
      }));
      return { lanes };
    },
    periodMs: 50,
    clock: Date.now,
    log: SILENT_LOG,
  });
  publisher.start();
  await until("the first period", 20_000, () => told.length > 0);
  for (let index = 0; index < 300; index += 1) {
    const declaration = {
      ...trafficDeclaration(2, index),
      parties: { declarant: { kind: "legal" as const, publicId: `NL${index}` } },
    };
    await publisher.declared({ declaration, findings: [], storedAt: Date.now() }, 0);
  }
  fails = false;
  await until("a period with lanes", 20_000, () => told.some(({ lanes }) => lanes.length === 64));
  await publisher.stop();
  for (const statistics of told) expect(JSON.stringify(statistics).length).toBeLessThanOrEqual(60_000);
  await spool.stop();

  function laneOf(lane: string) {
    return { lane, synthetic: false, scans: 1, incomplete: 0, decisions: {}, bands: {}, withDeclaration: 1 };
  }
  function laneQuality() {
    return Object.fromEntries(
      Object.keys(QUALITY_METRICS).map((metric) => [metric, { checked: 100, failed: 10 }]),
    );
  }
});

test("a period is told once, later where the broker was away, and at the end what there is", async () => {
  using folder = temporaryFolder();
  const spool = await openTestSpool(folder.path);
  const told: Statistics[] = [];
  let online = false;
  const publisher = new StatisticsPublisher({
    spool,
    publish: async (statistics) => {
      if (online) told.push(statisticsSchema.parse(statistics));
      return online;
    },
    settings: () => SETTINGS,
    periodMs: 100,
    clock: Date.now,
    log: SILENT_LOG,
  });
  publisher.start();
  const declarations = Array.from({ length: 3 }, (_, index) => manyDeclarations(3)(index));
  for (const declaration of declarations) {
    await spool.putDeclaration(declaration, [], Date.now());
    await publisher.declared({ declaration, findings: [], storedAt: Date.now() }, 1);
  }
  await new Promise((resolve) => setTimeout(resolve, 250));
  online = true;
  await until(
    "the periods to be told",
    20_000,
    () => told.reduce((sum, { scrubbed = 0 }) => sum + scrubbed, 0) === 3,
  );
  await publisher.declared(
    { declaration: declarations[0] as Declaration, findings: [], storedAt: Date.now() },
    4,
  );
  publisher.outcome("confirmed");
  await publisher.stop();
  expect(told.at(-1)?.outcomes.confirmed).toBe(1);
  expect(told.reduce((sum, { scrubbed = 0 }) => sum + scrubbed, 0)).toBe(7);
  // The periods lie one behind the other without a gap.
  for (const [at, { from }] of told.entries()) if (at > 0) expect(from).toBe(told[at - 1]?.to);
  await spool.stop();
});

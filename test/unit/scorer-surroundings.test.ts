import { describe, expect, it } from "vitest";
import { Surroundings, type SurroundingsOptions } from "../../device/lane/surroundings.ts";
import type { Log } from "../../device/log.ts";
import { analysisOf, declarationOf, scanOf, settingsOf, stored } from "../fixtures/fusion.ts";

const TOKEN = "k1:AAAAAAAAAAAAAAAAAAAAAA";
const LOG = { warn() {} } as unknown as Log;
const HOUR = 3_600_000;
const settings = settingsOf();
const scan = scanOf();

function open(more: Partial<SurroundingsOptions> = {}, clock = () => 10 * HOUR) {
  const spool = { countByConsignee: async () => 5, confirmedAmong: async () => [] as string[] };
  return new Surroundings({ spool, clock, log: LOG, ...more });
}

const sentTo = (aeo?: boolean) => {
  const consignee = { kind: "legal" as const, token: TOKEN, ...(aeo === undefined ? {} : { aeo }) };
  return [stored(declarationOf({ parties: { consignee } }))];
};

describe("what a score takes from beyond its item", () => {
  it("counts the consignments to the declared consignee in seven days, but not an authorised operator's", async () => {
    const asked: unknown[] = [];
    const countByConsignee = async (...given: unknown[]) => {
      asked.push(given);
      return 5;
    };
    const surroundings = open({ spool: { countByConsignee, confirmedAmong: async () => [] } });
    const { aedId } = declarationOf();
    const { splitting } = await surroundings.of({
      scan,
      analysis: null,
      matches: sentTo(),
      settings,
      first: true,
    });
    expect(splitting).toEqual({ [aedId]: { consignments: 5, days: 7 } });
    expect(asked).toEqual([[TOKEN, 10 * HOUR - 7 * 24 * HOUR, 10 * HOUR]]);
    const trusted = await surroundings.of({
      scan,
      analysis: null,
      matches: sentTo(true),
      settings,
      first: true,
    });
    expect(trusted.splitting).toBeUndefined();
  });

  it("names the earlier scans that look alike in which something was found", async () => {
    const near = [1, 2].map((n) => ({ scanId: `019ca000-0000-7000-8000-00000000000${n}`, similarity: 0.9 }));
    const confirmedAmong = async (scanIds: readonly string[]) => scanIds.slice(1);
    const analysis = analysisOf({ similar: near.map((one) => ({ ...one, relation: "alike" as const })) });
    const surroundings = open({ spool: { countByConsignee: async () => 0, confirmedAmong } });
    const { similarFound } = await surroundings.of({ scan, analysis, matches: [], settings, first: true });
    expect(similarFound).toEqual([near[1]]);
  });

  it("asks for the risk of the declaration that matches best", async () => {
    const risk = { p: 0.4, prevalence: 0.2, model: "declaration-risk@0.1.0" };
    const surroundings = open({ risk: { of: async () => risk } });
    const matched = await surroundings.of({ scan, analysis: null, matches: sentTo(), settings, first: true });
    expect(matched.declarationRisk).toEqual(risk);
    const other = { ...scan, identifiers: [] };
    const none = await surroundings.of({
      scan: other,
      analysis: null,
      matches: sentTo(),
      settings,
      first: true,
    });
    expect(none.declarationRisk).toBeUndefined();
  });

  it("waits for that risk with a revision, never with the first score", async () => {
    const waited: boolean[] = [];
    const of = async (_stored: unknown, waits: boolean) => {
      waited.push(waits);
      return null;
    };
    const surroundings = open({ risk: { of } });
    for (const first of [true, false])
      await surroundings.of({ scan, analysis: null, matches: sentTo(), settings, first });
    expect(waited).toEqual([false, true]);
  });

  it("counts what was proposed for examination in the last hour, each scan once", async () => {
    let now = 10 * HOUR;
    const surroundings = open({}, () => now);
    surroundings.decided({ revision: 1, recommendation: "PHYS_EXAM" });
    surroundings.decided({ revision: 2, recommendation: "PHYS_EXAM" });
    surroundings.decided({ revision: 1, recommendation: "RELEASE" });
    now += HOUR / 2;
    surroundings.decided({ revision: 1, recommendation: "HOLD" });
    const count = async () =>
      (await surroundings.of({ scan, analysis: null, matches: [], settings, first: true })).proposedLastHour;
    expect(await count()).toBe(2);
    now += HOUR / 2;
    expect(await count()).toBe(1);
  });

  it("does without what cannot be had", async () => {
    const fails = () => Promise.reject(new Error("no disk"));
    const surroundings = open({
      spool: { countByConsignee: fails, confirmedAmong: fails },
      risk: { of: fails },
    });
    const analysis = analysisOf({
      similar: [{ scanId: "019ca000-0000-7000-8000-000000000001", similarity: 0.9, relation: "alike" }],
    });
    const around = await surroundings.of({ scan, analysis, matches: sentTo(), settings, first: true });
    expect(around).toEqual({ proposedLastHour: 0 });
  });
});

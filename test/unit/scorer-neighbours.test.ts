import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fusionSettings } from "../../device/fusion/settings.ts";
import { Scorer } from "../../device/lane/scorer.ts";
import { Surroundings } from "../../device/lane/surroundings.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { Analysis } from "../../device/scan.ts";
import type { Spool } from "../../device/spool/port.ts";
import { analysisOf, declarationOf, identifier } from "../fixtures/fusion.ts";
import { BARE_ITEM, captureScan } from "../fixtures/scans.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

const NOW = 1_790_000_060_000;
const CONSIGNEE = "k1:AAAAAAAAAAAAAAAAAAAAAA";
const OUTCOME = "018f2b7e-6a3c-7c1e-9b52-0d6a1f3e4caa";

/** A real spool and what a score takes from it beyond its own item. */
describe("a scan's neighbours in the spool", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let spool: Spool;
  let scorer: Scorer;

  beforeEach(async () => {
    folder = temporaryFolder();
    spool = await openTestSpool(folder.path);
    const clock = () => NOW;
    scorer = new Scorer({
      spool,
      site: "NLRTM-EX",
      gateway: "gw-01",
      lanes: new Map([["lane-1", { settings: fusionSettings(), decideOnSynthetic: true }]]),
      surroundings: new Surroundings({ spool, clock, log: SILENT_LOG }),
      clock,
      log: SILENT_LOG,
      clockState: () => ({ synchronised: true, offsetMs: null }),
    });
  });
  afterEach(async () => {
    await spool.stop();
    folder[Symbol.dispose]();
  });

  async function score(scanRef: string, number: string, analysis: Analysis = analysisOf()) {
    const capture = await captureScan(spool, { scanRef, seed: 1 });
    const identifiers = [identifier("S10", number)];
    const { scan } = await spool.accept(capture, { ...BARE_ITEM, identifiers });
    const request = {
      cause: "initial" as const,
      directory: scan.directory,
      analysis,
      state: "analysed" as const,
    };
    const scored = await scorer.score(scan.scanId, request);
    return { scanId: scan.scanId, codes: scored?.data["reasons"] as { code: string }[] };
  }

  test("one that looks like an earlier scan is suspicious once something was found in that", async () => {
    const { scanId } = await score("a", "RR473124829GB");
    const similar = [{ scanId, similarity: 0.97, relation: "alike" as const }];
    const before = await score("b", "RR100000140GB", analysisOf({ similar }));
    expect(before.codes.map(({ code }) => code)).not.toContain("SIMILAR_TO_HIT");
    const at = new Date(NOW).toISOString();
    const body = {
      schema: "lynceus-outcome/1.0",
      outcomeId: OUTCOME,
      scanId,
      revision: 1,
      result: "confirmed",
      examination: "full",
      classes: ["narcotic"],
      goodsGroups: [],
      officerAction: "seized",
      at,
    };
    await spool.putOutcome({ outcomeId: OUTCOME, scanId, at, body: JSON.stringify(body) });
    const after = await score("c", "RR100000025GB", analysisOf({ similar }));
    expect(after.codes.map(({ code }) => code)).toContain("SIMILAR_TO_HIT");
  });

  test("one of many consignments of low value to one party looks like a split", async () => {
    const numbers = ["RR473124829GB", "RR100000140GB", "RR100000025GB", "RR123456785BR", "CP123456785CN"];
    const declare = (number: string, n: number) =>
      spool.putDeclaration(
        declarationOf({
          aedId: `018f2b7e-6a3c-7c1e-9b52-0d6a1f3e4c0${n}`,
          issuedAt: "2026-09-20T08:00:00Z",
          receivedAt: "2026-09-20T08:00:00Z",
          identifiers: [{ scheme: "S10", value: number }],
          parties: { consignee: { kind: "natural", token: CONSIGNEE } },
        }),
        [],
        NOW - n * 3_600_000,
      );
    for (const [n, number] of numbers.slice(0, 3).entries()) await declare(number, n);
    const three = await score("a", numbers[0] as string);
    expect(three.codes.map(({ code }) => code)).not.toContain("SPLIT_CONSIGNMENT");
    for (const [n, number] of numbers.slice(3).entries()) await declare(number, n + 3);
    const five = await score("b", numbers[4] as string);
    expect(five.codes.map(({ code }) => code)).toContain("SPLIT_CONSIGNMENT");
  });
});

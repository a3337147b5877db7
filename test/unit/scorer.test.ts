import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fusionSettings } from "../../device/fusion/settings.ts";
import { type ScoreRequest, Scorer } from "../../device/lane/scorer.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { Scan } from "../../device/scan.ts";
import type { Spool } from "../../device/spool/port.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import { analysisOf, identifier } from "../fixtures/fusion.ts";
import { BARE_ITEM, captureScan } from "../fixtures/scans.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

const LABEL = identifier("S10", "RR473124829GB");

/** Scores of a real spool: what races with what, and what a restart finds. */
describe("scoring a stored scan", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let spool: Spool;
  let scorer: Scorer;

  beforeEach(async () => {
    folder = temporaryFolder();
    spool = await openTestSpool(folder.path);
    scorer = scorerOf(spool);
  });
  afterEach(async () => {
    await spool.stop();
    folder[Symbol.dispose]();
  });

  const accept = async (options: {
    seed: number;
    incomplete?: boolean;
    labelled?: boolean;
  }): Promise<Scan> => {
    const capture = await captureScan(spool, { scanRef: "a", ...options });
    const identifiers = options.labelled === false ? [] : [LABEL];
    return (await spool.accept(capture, { ...BARE_ITEM, identifiers })).scan;
  };
  const score = async (scan: Scan, request: Omit<ScoreRequest, "directory">) =>
    (await scorer.score(scan.scanId, { ...request, directory: scan.directory }))?.data ?? null;
  const declare = (change: Partial<Declaration> = {}, at = Date.now()) =>
    spool.putDeclaration(declarationOf(change), [], at);

  test("an analysis of lines that were replaced meanwhile is no score of the whole scan", async () => {
    const incomplete = await accept({ seed: 1, incomplete: true });
    const whole = await accept({ seed: 2 });
    const analysis = analysisOf();
    expect(await score(incomplete, { cause: "initial", analysis, state: "analysed" })).toBeNull();
    expect((await spool.scan(whole.scanId))?.state).toBe("received");
    expect(await score(whole, { cause: "replaced-scan", analysis, state: "analysed" })).toMatchObject({
      revision: 1,
      supersedes: null,
      cause: "initial",
    });
  });

  test("what is stored of a scan counts, whatever its asker knew it by", async () => {
    await declare();
    const scan = await accept({ seed: 1 });
    const request = { cause: "initial", analysis: analysisOf(), state: "analysed" } as const;
    const other = identifier("S10", "RB123456785GB");
    for (const identifiers of [[LABEL], [], [other]])
      expect((await score(scan, { ...request, identifiers }))?.declarations).toHaveLength(1);
  });

  test("a late label does not take away the mass that the scanner stated; a scale's is better", async () => {
    const capture = await captureScan(spool, { scanRef: "a", seed: 1 });
    const { scan } = await spool.accept({ ...capture, statedMassKg: 4.2 }, BARE_ITEM);
    await score(scan, { cause: "initial", analysis: analysisOf(), state: "analysed" });
    const label = { ...BARE_ITEM, identifiers: [LABEL] };
    const revised = await scorer.rescore(scan.scanId, "late-reading", label);
    // That it was stable is for a scale to say.
    expect(revised?.scan.measured).toMatchObject({ massKg: 4.2, massStable: null });
    const weighed = { ...label, measured: { ...BARE_ITEM.measured, massKg: 4.5, massStable: true } };
    expect((await scorer.rescore(scan.scanId, "late-reading", weighed))?.scan.measured.massKg).toBe(4.5);
  });

  test("what fusion cannot make a score of is answered UNKNOWN, never by silence", async () => {
    // Settings as no configuration gives them: judging a declaration's text throws.
    const broken = { ...fusionSettings(), stopTerms: undefined as never };
    scorer = scorerOf(spool, broken);
    const scan = await accept({ seed: 1 });
    await declare();
    const data = await score(scan, { cause: "initial", analysis: analysisOf(), state: "analysed" });
    expect(data).toMatchObject({ revision: 1, decision: "UNKNOWN" });
  });

  test("a whole scan that is still to be scored is not scored from what its first lines said", async () => {
    const incomplete = await accept({ seed: 1, incomplete: true });
    await score(incomplete, { cause: "initial", analysis: analysisOf(), state: "analysed" });
    const whole = await accept({ seed: 2 });
    expect(await scorer.rescore(whole.scanId, "declaration")).toBeNull();
    expect(
      await score(whole, { cause: "replaced-scan", analysis: analysisOf(), state: "analysed" }),
    ).toMatchObject({ revision: 2, cause: "replaced-scan" });
  });

  test("a late reading and its revision are one commit", async () => {
    const scan = await accept({ seed: 1, labelled: false });
    await score(scan, { cause: "initial", analysis: analysisOf(), state: "analysed" });
    const update = { identifiers: [LABEL], measured: scan.measured, trackingAmbiguous: false };
    const before = (await spool.figures()).sequence;
    // Both are on their way when the power goes, or neither.
    const scored = scorer.rescore(scan.scanId, "late-reading", update);
    expect((await scored)?.data).toMatchObject({ cause: "late-reading", identifiers: [LABEL] });
    expect((await spool.figures()).sequence).toBe(before + 1);
    expect((await spool.scan(scan.scanId))?.scan.identifiers).toEqual([LABEL]);
  });

  test("a late reading before the first score is kept for it", async () => {
    const scan = await accept({ seed: 1, labelled: false });
    const update = { identifiers: [LABEL], measured: scan.measured, trackingAmbiguous: false };
    expect(await scorer.rescore(scan.scanId, "late-reading", update)).toBeNull();
    const first = await score(scan, { cause: "initial", analysis: analysisOf(), state: "analysed" });
    expect(first).toMatchObject({ revision: 1, identifiers: [LABEL] });
  });

  test("a restart finds the scans whose declaration was stored and not scored any more", async () => {
    const scan = await accept({ seed: 1 });
    await declare({}, Date.now() - 60_000);
    await score(scan, { cause: "initial", analysis: analysisOf(), state: "analysed" });
    const since = scan.receivedAt - 1;
    expect(await spool.unseenDeclarations(since)).toEqual([]);
    await declare({ revision: 2, function: "amend" }, Date.now() + 1);
    expect(await spool.unseenDeclarations(since)).toEqual([{ scanId: scan.scanId, cause: "declaration" }]);
    expect(await spool.unseenDeclarations(scan.receivedAt + 1)).toEqual([]);
    const { identifiers: _, ...cancel } = declarationOf({ revision: 3, function: "cancel" });
    await spool.putDeclaration(cancel, [], Date.now() + 2);
    expect(await spool.unseenDeclarations(since)).toEqual([{ scanId: scan.scanId, cause: "cancellation" }]);
  });
});

function scorerOf(spool: Spool, settings = fusionSettings()): Scorer {
  return new Scorer({
    spool,
    site: "NLRTM-EX",
    gateway: "gw-01",
    lanes: new Map([["lane-1", { settings, decideOnSynthetic: true }]]),
    clock: Date.now,
    log: SILENT_LOG,
    clockState: () => ({ synchronised: true, offsetMs: null }),
  });
}

function declarationOf(change: Partial<Declaration> = {}): Declaration {
  return {
    schema: "customs-aed/1.0",
    aedId: "11111111-1111-4111-8111-111111111111",
    revision: 1,
    function: "original",
    receivedAt: "2026-09-20T08:00:00Z",
    identifiers: [{ scheme: "S10", value: LABEL.value }],
    ...change,
  };
}

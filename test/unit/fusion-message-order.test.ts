import { afterEach, describe, expect, test } from "vitest";
import { Alerts } from "../../device/alerts.ts";
import { fusionSettings } from "../../device/fusion/settings.ts";
import { Intake } from "../../device/intake.ts";
import { Scorer } from "../../device/lane/scorer.ts";
import { SILENT_LOG } from "../../device/log.ts";
import type { UnsealedData } from "../../device/spool/port.ts";
import type { Declaration } from "../../protocols/declaration.ts";
import { Random } from "../../simulator/random.ts";
import { analysisOf, declarationOf, detection, identifier } from "../fixtures/fusion.ts";
import { BARE_ITEM, captureScan } from "../fixtures/scans.ts";
import { openTestSpool, temporaryFolder } from "../fixtures/uplink.ts";

const NUMBER = "RR473124829GB";
/** The moment of every message: the scan's is that of `captureScan`. */
const NOW = 1_790_000_060_000;
const ORDERS = 10;

const FIRST = "11111111-1111-4111-8111-111111111111";
const SECOND = "22222222-2222-4222-8222-222222222222";

function declared(aedId: string, revision: number, change: Partial<Declaration> = {}): Declaration {
  return declarationOf({
    aedId,
    revision,
    function: revision === 1 ? "original" : "amend",
    issuedAt: "2026-09-20T08:00:00Z",
    receivedAt: "2026-09-20T08:00:00Z",
    identifiers: [{ scheme: "S10", value: NUMBER }],
    ...change,
  });
}

/** A consignment declared vaguely and amended twice, and another under the same number that is cancelled. */
const DECLARATIONS: readonly Declaration[] = [
  declared(FIRST, 1, { items: [{ seq: 1, description: "gift" }] }),
  declared(FIRST, 2, { consignment: { category: "gift", packageCount: 1, grossMassKg: 0.2 } }),
  declared(FIRST, 3, { consignment: { category: "sale_of_goods", packageCount: 1, grossMassKg: 0.9 } }),
  declared(SECOND, 1),
  declared(SECOND, 2, { function: "cancel" }),
];

type Step = (site: Awaited<ReturnType<typeof openSite>>) => Promise<unknown>;

const STEPS: readonly Step[] = [
  ...[...DECLARATIONS, ...DECLARATIONS].map(
    (declaration): Step =>
      (site) =>
        site.receive(declaration),
  ),
  (site) => site.read({ identifiers: [identifier("S10", NUMBER)] }),
  (site) => site.read({ measured: { ...BARE_ITEM.measured, massKg: 1.84, massStable: true } }),
];

/** A spool with one scan that was scored before any message came. */
async function openSite(path: string) {
  const spool = await openTestSpool(path);
  const settings = fusionSettings({ floor: { firearm: 0.6 } });
  const scorer = new Scorer({
    spool,
    site: "NLRTM-EX",
    gateway: "gw-01",
    lanes: new Map([["lane-1", { settings, decideOnSynthetic: true }]]),
    clock: () => NOW,
    log: SILENT_LOG,
    clockState: () => ({ synchronised: true, offsetMs: null }),
  });
  const running: Promise<unknown>[] = [];
  const alerts = new Alerts({ spool, log: SILENT_LOG });
  const intake = new Intake({
    spool,
    alerts,
    rescore: (scanId, cause) => void running.push(scorer.rescore(scanId, cause)),
    clock: () => NOW,
    log: SILENT_LOG,
  });
  const { scan } = await spool.accept(await captureScan(spool, { scanRef: "a", seed: 1 }), BARE_ITEM);
  const analysis = analysisOf({ detections: [detection("firearm", 0.7), detection("battery", 0.6)] });
  let item = { ...BARE_ITEM };
  await scorer.score(scan.scanId, {
    cause: "initial",
    directory: scan.directory,
    analysis,
    state: "analysed",
  });
  return {
    receive: (declaration: Declaration) => intake.declaration(eventOf(declaration)),
    read: (more: Partial<typeof item>) => {
      item = { ...item, ...more };
      return scorer.rescore(scan.scanId, "late-reading", item);
    },
    async end(): Promise<UnsealedData> {
      await Promise.all(running);
      const row = await spool.lastHit(scan.scanId);
      await alerts.stop();
      await spool.stop();
      return (JSON.parse(row?.event ?? "null") as { data: UnsealedData }).data;
    },
  };
}

function eventOf(data: Declaration): Uint8Array {
  const event = {
    specversion: "1.0",
    id: `${data.aedId}-${data.revision}`,
    source: "/central",
    type: "org.lynceus.declaration.v1",
    time: "2026-09-20T08:00:00.000Z",
    datacontenttype: "application/json",
    dataschema: "urn:lynceus:schema:declaration:1.0",
    data,
  };
  return new TextEncoder().encode(JSON.stringify(event));
}

/** What a hit decides; times, ids and revision numbers differ between two runs. */
function essence({ score, decision, recommendation, selection, declarations }: UnsealedData) {
  const matched = (declarations as { aedId: string; revision: number }[]).map(({ aedId, revision }) => [
    aedId,
    revision,
  ]);
  // A random pick is a matter of the scan's id, which is minted anew.
  return { score, decision, recommendation, mode: (selection as { mode: string }).mode, matched };
}

describe("messages in any order and number", () => {
  let folder: ReturnType<typeof temporaryFolder> | null = null;
  afterEach(() => folder?.[Symbol.dispose]());

  test("end in the same final score, and no order silences the floor", { timeout: 600_000 }, async () => {
    const random = new Random(20_261_122, "orders");
    const results = [];
    for (let order = 0; order < ORDERS; order++) {
      folder = temporaryFolder();
      const site = await openSite(folder.path);
      for (const step of order === 0 ? STEPS : random.shuffle(STEPS)) await step(site);
      results.push(essence(await site.end()));
      folder[Symbol.dispose]();
    }
    const [first] = results;
    expect(first?.matched).toEqual([[FIRST, 3]]);
    expect(first?.decision).toBe("ALARM");
    for (const result of results) expect(result).toEqual(first);
  });
});

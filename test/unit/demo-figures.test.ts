import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hitJson, summaryJson } from "../../device/cli/demo/as-json.ts";
import { readCentralFile } from "../../device/cli/demo/central-file.ts";
import {
  type HitReport,
  logError,
  logMessage,
  parseReport,
  type Truth,
} from "../../device/cli/demo/reports.ts";
import { Screen } from "../../device/cli/demo/screen.ts";
import { percentile, Tally } from "../../device/cli/demo/tally.ts";
import { alertLine, headings, hitLine, summaryLines } from "../../device/cli/demo/wording.ts";

function hit(scanId: string, over: Partial<HitReport> = {}): HitReport {
  return {
    event: "hit",
    at: "2026-03-01T08:12:10.250Z",
    id: `${scanId}-${over.revision ?? 1}`,
    scanId,
    revision: 1,
    cause: "initial",
    capturedAt: "2026-03-01T08:12:10.000Z",
    identifier: "RR473124829GB",
    decision: "CLEAR",
    recommendation: "RELEASE",
    probability: 0.01,
    reasons: [],
    ...over,
  };
}

const truthOf = (irregularities: string[], classes: string[] = [], delivery = "on-time"): Truth => ({
  scanRef: "",
  delivery,
  irregularities,
  targets: classes.map((name) => ({ class: name })),
});

function tallyOf(truths: Record<string, Truth>): Tally {
  const tally = new Tally((scanRef) => truths[scanRef] ?? null);
  for (const scanRef of Object.keys(truths)) {
    tally.take({ event: "acknowledged", scanRef, scanId: `scan-${scanRef}` });
  }
  return tally;
}

function screenOf(columns: number | null, colour = true): { screen: Screen; written: () => string } {
  let text = "";
  const stream = {
    isTTY: columns !== null,
    ...(columns === null ? {} : { columns }),
    write: (chunk: string) => {
      text += chunk;
      return true;
    },
  } as unknown as typeof process.stdout;
  return { screen: new Screen({ out: stream, talk: stream, colour }), written: () => text };
}

describe("the demo's figures", () => {
  it("count a scan end to end once central has receipted a hit of it, whichever is heard of first", () => {
    const tally = tallyOf({ a: truthOf([]) });
    tally.take(hit("scan-a"));
    expect(tally.endToEnd).toBe(0);
    tally.take({ event: "receipt", ids: ["scan-a-1", "unknown"] });
    tally.take({ event: "receipt", ids: ["scan-a-1"] });
    expect(tally.endToEnd).toBe(1);
    tally.take(hit("scan-b"));
    tally.take({ event: "receipt", ids: ["scan-b-1"] });
    expect(tally.endToEnd).toBe(1);
    tally.take({ event: "acknowledged", scanRef: "b", scanId: "scan-b" });
    expect(tally.endToEnd).toBe(2);
  });

  it("let the highest revision stand, in whatever order revisions come", () => {
    const tally = tallyOf({ a: truthOf(["THREAT_FIREARM"], ["firearm"]) });
    tally.take(hit("scan-a", { revision: 2, decision: "ALARM" }));
    tally.take(hit("scan-a", { revision: 1, decision: "CLEAR" }));
    expect(tally.figures()).toMatchObject({ hits: 2, revisions: 1, alarms: 1, threats: { of: 1, count: 1 } });
    tally.take(hit("scan-a", { revision: 3, decision: "CLEAR" }));
    expect(tally.alarms).toBe(0);
  });

  it("measure recall and false alarms against the truth", () => {
    const tally = tallyOf({
      gun: truthOf(["THREAT_FIREARM"], ["firearm"]),
      knife: truthOf(["THREAT_BLADE"], ["blade"]),
      phone: truthOf(["BATTERY_UNDECLARED"], ["battery"]),
      book: truthOf([]),
      shirt: truthOf([]),
      toy: truthOf([]),
    });
    tally.take(hit("scan-gun", { decision: "ALARM", recommendation: "PHYS_EXAM" }));
    tally.take(hit("scan-knife", { recommendation: "RELEASE_PCA" }));
    tally.take(hit("scan-phone", { recommendation: "DOC_CHECK" }));
    tally.take(hit("scan-book"));
    tally.take(hit("scan-shirt", { decision: "ALARM", recommendation: "PHYS_EXAM" }));
    tally.take(hit("scan-toy", { recommendation: "ALT_SCREEN" }));
    tally.take({ event: "duplicate" });
    expect(tally.figures()).toMatchObject({
      acknowledged: 6,
      alarms: 2,
      repeats: 1,
      recall: { of: 3, count: 2 },
      threats: { of: 2, count: 1 },
      falseAlarms: { of: 3, count: 1 },
      falseChecks: { of: 3, count: 2 },
    });
  });

  it("know which revisions are still to come", () => {
    const tally = tallyOf({ a: truthOf([], [], "late"), b: truthOf([], [], "amended"), c: truthOf([]) });
    for (const name of ["a", "b", "c"]) tally.take(hit(`scan-${name}`));
    expect(tally.revisionsToCome).toBe(2);
    tally.take(hit("scan-a", { revision: 2 }));
    expect(tally.revisionsToCome).toBe(1);
  });

  it("give percentiles by the nearest rank", () => {
    const values = Array.from({ length: 20 }, (_, at) => at + 1);
    expect([percentile(values, 0.5), percentile(values, 0.95), percentile([7], 0.95)]).toEqual([10, 19, 7]);
    expect(percentile([], 0.5)).toBeNull();
  });

  it("find events and revisions that central kept twice", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lynceus-figures-"));
    const row = (id: string, revision: number) =>
      JSON.stringify({ id, source: "/a", type: "org.lynceus.hit.v1", subject: "scan-a", data: { revision } });
    const path = join(folder, "central.ndjson");
    writeFileSync(path, `${[row("1", 1), row("2", 2), row("2", 2), row("3", 1), "{}"].join("\n")}\n`);
    expect(await readCentralFile(path)).toEqual({ scanIds: new Set(["scan-a"]), duplicated: 2 });
    rmSync(folder, { recursive: true });
  });
});

describe("the demo's screen", () => {
  const report = hit("scan-a", {
    decision: "ALARM",
    probability: 0.873,
    recommendation: "PHYS_EXAM",
    reasons: [
      { code: "THREAT_FIREARM", text: "" },
      { code: "DATA_QUALITY_C4", text: "" },
      { code: "MASS_MISMATCH", text: "" },
      { code: "WATCH_LIST", text: "" },
    ],
  });
  const truth = truthOf(["THREAT_FIREARM", "MASS_MISMATCH"], ["firearm"]);

  it("shows a hit in words, in full and without colour where it is no terminal", () => {
    const { screen, written } = screenOf(null);
    screen.status("working");
    screen.line(hitLine(report, truth, screen));
    expect(written()).toBe(
      "08:12:10  RR473124829GB       ALARM       87 %  PHYS_EXAM     firearm, data quality C4, mass mismatch         firearm, mass mismatch\n",
    );
  });

  it.each([60, 80, 100, 140, 200])("keeps its lines within %i columns of a terminal", (columns) => {
    const { screen } = screenOf(columns, false);
    expect(hitLine(report, truth, screen).length).toBeLessThan(Math.max(columns, 76));
    expect(headings(screen).length).toBeLessThan(Math.max(columns, 76));
    expect(hitLine({ ...report, revision: 2, cause: "declaration" }, truth, screen)).toContain("rev");
  });

  it("redraws its last line around others on a terminal, coloured unless told not to", () => {
    const { screen, written } = screenOf(100);
    screen.status("1 of 5");
    screen.line(screen.paint("red", "ALARM"));
    screen.status("");
    expect(written()).toContain("\r\u001b[2K\u001b[31;1mALARM\u001b[0m\n");
    expect(written().endsWith("\r\u001b[2K")).toBe(true);
    expect(screenOf(100, false).screen.paint("red", "ALARM")).toBe("ALARM");
  });

  it("sums up, and shows what was lost", () => {
    const { screen } = screenOf(null);
    const tally = tallyOf({ a: truthOf([]), b: truthOf([]) });
    tally.take(hit("scan-a"));
    tally.take({ event: "receipt", ids: ["scan-a-1"] });
    const central = { scanIds: new Set(["scan-a"]), duplicated: 0 };
    const lines = summaryLines(tally.figures(), central, { seconds: 12.3, lost: 1, scans: 2 }, screen);
    expect(lines).toContain("2 scans in 12 s");
    expect(lines.join("\n")).toContain("1 of 2 acknowledged end to end, 1 lost");
    expect(lines.join("\n")).toContain("p50 250 ms, p95 250 ms");
    const json = summaryJson(tally.figures(), central, { seconds: 12.34, lost: 1, scans: 2 });
    expect(JSON.parse(json)).toMatchObject({
      event: "summary",
      scans: 2,
      acknowledged: 2,
      endToEnd: 1,
      lost: 1,
      alarms: 0,
      latencyMs: { p50: 250, p95: 250 },
      recall: { of: 0, count: 0 },
      seconds: 12.3,
    });
  });

  it("tells a hit as JSON with what is really in the parcel", () => {
    expect(JSON.parse(hitJson(report, truth))).toMatchObject({
      event: "hit",
      scanId: "scan-a",
      decision: "ALARM",
      probability: 0.873,
      truth: { irregularities: ["THREAT_FIREARM", "MASS_MISMATCH"], targets: [{ class: "firearm" }] },
    });
    expect(JSON.parse(hitJson(report, null))).toMatchObject({ truth: null });
  });

  it("shows alerts, and reads only what it knows of its parts' words", () => {
    const { screen } = screenOf(null);
    const alert = {
      event: "alert",
      at: "2026-03-01T08:12:10.250Z",
      code: "DISK_LOW",
      severity: "critical",
      message: "full",
    } as const;
    expect(alertLine(alert, screen)).toBe("08:12:10  alert DISK_LOW  full");
    expect(parseReport("no JSON")).toBeNull();
    expect(parseReport('{"event":"result"}')).toBeNull();
    expect(parseReport('{"event":"duplicate","id":"x"}')).toEqual({ event: "duplicate" });
    expect(logMessage('{"level":30,"msg":"ready"}')).toBe("ready");
    expect(logError('{"level":30,"msg":"ready"}')).toBeNull();
    expect(logError('{"level":50,"msg":"failed","err":{"message":"why"}}')).toBe("failed: why");
    expect(logMessage("plain text")).toBe("");
  });
});

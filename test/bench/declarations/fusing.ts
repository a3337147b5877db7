import { hitData } from "../../../device/fusion/hit.ts";
import { fusionSettings } from "../../../device/fusion/settings.ts";
import { Surroundings } from "../../../device/lane/surroundings.ts";
import { SILENT_LOG } from "../../../device/log.ts";
import type { Scan } from "../../../device/scan.ts";
import type { Spool } from "../../../device/spool/port.ts";
import type { Declaration } from "../../../protocols/declaration.ts";
import { GOODS_GROUPS, THREAT_CLASSES } from "../../../protocols/vocabulary.ts";
import { analysisOf, CAPTURED_AT, detection, identifier, inputOf, scanOf } from "../../fixtures/fusion.ts";
import { report, spreadOf, spreadText } from "../figures.ts";

/** Of the slowest in a hundred. */
const P99 = 0.99;
/** Scores before the clock counts: a gateway that runs has compiled its code and read its lexicon. */
const WARM_UP = 200;

/** Time to score items with the store full: what fusion itself takes, and with everything that it asks of the store. */
export async function fusingFigures(spool: Spool, wanted: readonly Declaration[]): Promise<void> {
  const settings = fusionSettings();
  const surroundings = new Surroundings({ spool, clock: Date.now, log: SILENT_LOG });
  const analysis = analysisOf({
    detections: THREAT_CLASSES.map((name, at) => detection(name, 0.05 + at / 20, { prevalence: 0.1 })),
    lookedFor: THREAT_CLASSES.map((name) => ({ class: name, prevalence: 0.1, absent: 0.01 })),
    contents: GOODS_GROUPS.map((group, at) => ({ group, score: at / 20, share: at / 150 })),
  });
  const fusing: number[] = [];
  const whole: number[] = [];
  for (const [at, declaration] of wanted.entries()) {
    const scan = scanWith(declaration);
    const began = performance.now();
    const matches = await spool.findDeclarations(scan.identifiers, Date.now());
    const around = await surroundings.of({ scan, analysis, matches, settings, first: true });
    const known = performance.now();
    const hit = hitData(inputOf({ scan, analysis, matches, settings, ...around }));
    const ended = performance.now();
    if (hit.declarations.length === 0) throw new Error("a declaration did not match its own item");
    if (at < WARM_UP) continue;
    fusing.push(ended - known);
    whole.push(ended - began);
  }
  report(
    "fusing one scan, store full",
    `${spreadText(spreadOf(fusing), "ms", 2)}, p99 ${p99(fusing)} ms (aim ≤ 5 ms)`,
  );
  report("fusing with all its lookups", `${spreadText(spreadOf(whole), "ms", 2)}, p99 ${p99(whole)} ms`);
}

function scanWith(declaration: Declaration): Scan {
  const at = Date.parse(declaration.issuedAt ?? declaration.receivedAt);
  const identifiers = (declaration.identifiers ?? []).map(({ scheme, value }) => identifier(scheme, value));
  const capturedAt = Number.isFinite(at) ? at + 3_600_000 : CAPTURED_AT;
  const measured = { ...scanOf().measured, massKg: 2.5, massStable: true };
  return scanOf({ identifiers, capturedAt, receivedAt: capturedAt, measured });
}

function p99(times: readonly number[]): string {
  const sorted = times.toSorted((one, other) => one - other);
  return (sorted[Math.floor(sorted.length * P99)] ?? Number.NaN).toFixed(2);
}

import { v5 } from "uuid";
import { EVENT_NAMESPACE } from "../../protocols/ids.ts";
import { OUTCOME_SCHEMA, type Outcome } from "../../protocols/mqtt/index.ts";
import { GOODS_GROUPS, THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import { declarationAt } from "../declaration.ts";
import type { SimulatedScan } from "../scan.ts";
import type { ScanTruth } from "../truth.ts";
import { type CocoRuns, cocoRuns } from "./mask.ts";

/** The first scan of a data set is said to be of this moment; the others follow. */
const FIRST_SCAN_MS = Date.UTC(2026, 0, 5, 8);
const BETWEEN_SCANS_MS = 30_000;
const DECLARED_BEFORE_MS = 6 * 3_600_000;
const EXAMINED_AFTER_MS = 2 * 3_600_000;

export interface CocoImage {
  readonly id: number;
  readonly file_name: string;
  readonly high_file_name: string;
  readonly mask_file_name: string;
  readonly width: number;
  readonly height: number;
  readonly date_captured: string;
  readonly scanId: string;
  readonly seed: number;
  readonly index: number;
  readonly pixelPitchMm: { readonly x: number; readonly y: number };
  readonly massKg: number;
  readonly groups: ScanTruth["groups"];
  readonly identifiers: ScanTruth["identifiers"];
  readonly declarationState: ScanTruth["declarationState"];
  readonly irregularities: readonly string[];
}

export interface CocoAnnotation {
  readonly category_id: number;
  readonly bbox: readonly [number, number, number, number];
  readonly area: number;
  readonly iscrowd: 0;
  readonly segmentation: CocoRuns;
  readonly massKg: number;
}

/** All that is written of one scan beside its pixels. */
export interface DatasetRecord {
  readonly image: CocoImage;
  readonly annotations: readonly CocoAnnotation[];
  readonly declaration: Record<string, unknown> | null;
  readonly outcome: Outcome;
}

/** File name stem of scan `index`. */
export function stemOf(index: number): string {
  return index.toString().padStart(6, "0");
}

export function recordOf(scan: SimulatedScan): DatasetRecord {
  const { truth, width, height } = scan;
  const capturedMs = FIRST_SCAN_MS + truth.index * BETWEEN_SCANS_MS;
  const scanId = v5(`dataset:${truth.seed}:${truth.index}`, EVENT_NAMESPACE);
  const stem = stemOf(truth.index);
  return {
    image: {
      id: truth.index + 1,
      file_name: `${stem}.low.png`,
      high_file_name: `${stem}.high.png`,
      mask_file_name: `${stem}.png`,
      width,
      height,
      date_captured: new Date(capturedMs).toISOString(),
      scanId,
      seed: truth.seed,
      index: truth.index,
      pixelPitchMm: scan.pixelPitchMm,
      massKg: truth.massKg,
      groups: truth.groups,
      identifiers: truth.identifiers,
      declarationState: truth.declarationState,
      irregularities: truth.irregularities,
    },
    annotations: truth.targets.map((target) => ({
      category_id: categoryId(target.class),
      bbox: [target.box.x, target.box.y, target.box.width, target.box.height],
      area: target.maskRle.reduce((sum, run, n) => sum + (n % 2 === 1 ? run : 0), 0),
      iscrowd: 0,
      segmentation: cocoRuns(target, width, height),
      massKg: target.massKg,
    })),
    declaration: declarationAt(truth, new Date(capturedMs - DECLARED_BEFORE_MS)),
    outcome: outcomeOf(truth, scanId, new Date(capturedMs + EXAMINED_AFTER_MS).toISOString()),
  };
}

/** COCO category of a threat class: its place in the vocabulary, from 1, so that later classes renumber nothing. */
export function categoryId(name: string): number {
  const place = (THREAT_CLASSES as readonly string[]).indexOf(name);
  if (place < 0) throw new RangeError(`${name} is no threat class`);
  return place + 1;
}

/** What a full examination of the parcel finds. */
function outcomeOf(truth: ScanTruth, scanId: string, at: string): Outcome {
  const found = truth.irregularities.length > 0;
  return {
    schema: OUTCOME_SCHEMA,
    outcomeId: v5(`outcome:${scanId}`, EVENT_NAMESPACE),
    scanId,
    revision: 1,
    result: found ? "confirmed" : "refuted",
    examination: "full",
    classes: found
      ? THREAT_CLASSES.filter((name) => truth.targets.some((target) => target.class === name))
      : [],
    goodsGroups: GOODS_GROUPS.filter((name) => truth.groups.some(({ group }) => group === name)),
    officerAction: found ? "detained" : "released",
    at,
  };
}

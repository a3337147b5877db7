import { v5 } from "uuid";
import { EVENT_NAMESPACE } from "../../protocols/ids.ts";
import { OUTCOME_SCHEMA, type Outcome } from "../../protocols/mqtt/index.ts";
import { GOODS_GROUPS, THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import { declarationAt } from "../declaration.ts";
import type { SimulatedScan } from "../scan.ts";
import type { ScanTruth, TargetTruth } from "../truth.ts";
import { type CocoRuns, cocoRuns } from "./mask.ts";

/** The first scan of a data set is said to be of this moment; the others follow. */
const FIRST_SCAN_MS = Date.UTC(2026, 0, 5, 8);
const BETWEEN_SCANS_MS = 30_000;
const DECLARED_BEFORE_MS = 6 * 3_600_000;
const EXAMINED_AFTER_MS = 2 * 3_600_000;

export interface CocoImage {
  readonly id: number;
  /** The low plane, or the only one. */
  readonly file_name: string;
  /** Where there are two energies. */
  readonly high_file_name?: string;
  readonly mask_file_name: string;
  readonly width: number;
  readonly height: number;
  readonly date_captured: string;
  readonly scanId: string;
  readonly seed: number;
  readonly index: number;
  /** Images of one scan share its `scanId`. */
  readonly view: 0 | 1;
  /** Which further scan of the same item, from 1; absent: the first. */
  readonly take?: number;
  readonly pixelPitchMm: { readonly x: number; readonly y: number };
  readonly massKg: number;
  readonly groups: ScanTruth["groups"];
  readonly identifiers: ScanTruth["identifiers"];
  readonly declarationState: ScanTruth["declarationState"];
  readonly irregularities: readonly string[];
  /** Of containers and pallets: state, load profile, what is misdeclared. */
  readonly cargo?: ScanTruth["cargo"];
}

export interface CocoAnnotation {
  /** Number of the object in the scan, from 1; the same in each view, and its value in the mask. */
  readonly object: number;
  readonly contrast: number;
  readonly occluded: number;
  readonly tier: TargetTruth["tier"];
  readonly category_id: number;
  readonly bbox: readonly [number, number, number, number];
  readonly area: number;
  readonly iscrowd: 0;
  readonly segmentation: CocoRuns;
  readonly massKg: number;
}

/** All that is written of one scan beside its pixels. */
export interface DatasetRecord {
  /** One per view. */
  readonly views: readonly { readonly image: CocoImage; readonly annotations: readonly CocoAnnotation[] }[];
  readonly declaration: Record<string, unknown> | null;
  readonly outcome: Outcome;
}

/** File name stem of scan `index`; further scans of the item and views beyond the first have names of their own. */
export function stemOf(index: number, view: 0 | 1 = 0, take = 0): string {
  const stem = index.toString().padStart(6, "0") + (take === 0 ? "" : `.take${take}`);
  return view === 0 ? stem : `${stem}.view${view}`;
}

/** `takes`: scans of each item, of which this is number `take`. Declared is an item once. */
export function recordOf(
  scan: SimulatedScan,
  { take, takes }: { readonly take: number; readonly takes: number },
): DatasetRecord {
  const { truth } = scan;
  const place = truth.index * takes + take;
  const capturedMs = FIRST_SCAN_MS + place * BETWEEN_SCANS_MS;
  const scanId = v5(`dataset:${truth.seed}:${truth.index}${take === 0 ? "" : `:${take}`}`, EVENT_NAMESPACE);
  const views = [...new Set(scan.planes.map(({ view }) => view))];
  return {
    views: views.map((view) => ({
      image: {
        id: place * views.length + view + 1,
        ...filesOf(scan, view, take),
        date_captured: new Date(capturedMs).toISOString(),
        scanId,
        ...aboutScan(scan),
        view,
        ...(take === 0 ? {} : { take }),
      },
      annotations: truth.targets
        .filter((target) => target.view === view)
        .map((target) => annotationOf(target, scan)),
    })),
    declaration: take > 0 ? null : declarationAt(truth, new Date(capturedMs - DECLARED_BEFORE_MS)),
    outcome: outcomeOf(truth, scanId, new Date(capturedMs + EXAMINED_AFTER_MS).toISOString()),
  };
}

/** Names of a view's planes, in the order of their energies. */
export function planeFilesOf(scan: SimulatedScan, view: 0 | 1, take: number): string[] {
  const stem = stemOf(scan.truth.index, view, take);
  const energies = scan.planes.filter((plane) => plane.view === view).length;
  return energies === 1 ? [`${stem}.png`] : [`${stem}.low.png`, `${stem}.high.png`];
}

function filesOf(
  scan: SimulatedScan,
  view: 0 | 1,
  take: number,
): Pick<CocoImage, "file_name" | "high_file_name" | "mask_file_name" | "width" | "height"> {
  const [first = "", high] = planeFilesOf(scan, view, take);
  return {
    file_name: first,
    ...(high === undefined ? {} : { high_file_name: high }),
    mask_file_name: `${stemOf(scan.truth.index, view, take)}.png`,
    width: scan.width,
    height: scan.height,
  };
}

function aboutScan({ truth, pixelPitchMm }: SimulatedScan) {
  const { seed, index, massKg, groups, identifiers, declarationState, irregularities, cargo } = truth;
  return {
    seed,
    index,
    pixelPitchMm,
    massKg,
    groups,
    identifiers,
    declarationState,
    irregularities,
    ...(cargo === undefined ? {} : { cargo }),
  };
}

function annotationOf(target: TargetTruth, { width, height }: SimulatedScan): CocoAnnotation {
  const { object, contrast, occluded, tier, box, massKg, maskRle } = target;
  return {
    object,
    category_id: categoryId(target.class),
    bbox: [box.x, box.y, box.width, box.height],
    area: maskRle.reduce((sum, run, n) => sum + (n % 2 === 1 ? run : 0), 0),
    iscrowd: 0,
    segmentation: cocoRuns(target, width, height),
    massKg,
    contrast,
    occluded,
    tier,
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

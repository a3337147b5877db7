import { THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import type { ViewPlanes } from "../inference/planes.ts";
import type { Finding } from "../outcomes/judged.ts";
import type { StoredScan } from "../spool/port.ts";
import { dayOf } from "./day.ts";
import type { PlaneFile } from "./plane-files.ts";

export interface CocoImage {
  readonly id: number;
  /** The low plane, or the only one. */
  readonly file_name: string;
  readonly high_file_name?: string;
  readonly width: number;
  readonly height: number;
  /** The day. */
  readonly date_captured: string;
  /** Images of one scan share it; it is no id of the gateway's. */
  readonly scanId: string;
  /** Images of one source stay in one part of a training's split. */
  readonly source: string;
  readonly view: number;
  readonly pixelPitchMm: { readonly x: number; readonly y: number } | null;
  readonly airLevel?: number;
  readonly massKg: number | null;
  readonly identifiers: readonly { readonly scheme: string; readonly value: string }[];
}

export interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: readonly [number, number, number, number];
  readonly area: number;
  /** 1: the class is somewhere in the box, nobody knows where: neither taught nor punished. */
  readonly iscrowd: 0 | 1;
  readonly tier: "clear" | "hidden";
  /** Whose box it is: a model's, of a class that an examination confirmed; or the whole image. */
  readonly boxFrom: string;
  /** The model's score, 0..1; null for a whole image. */
  readonly score: number | null;
}

/** An image of a scan, without anything that names its item. */
export function cocoImage(about: {
  readonly id: number;
  readonly stored: StoredScan;
  readonly view: ViewPlanes;
  readonly files: readonly PlaneFile[];
  readonly scanId: string;
  readonly identifiers: CocoImage["identifiers"];
}): CocoImage {
  const { id, stored, view, files, scanId, identifiers } = about;
  const { scan } = stored;
  const [first = "", second] = files.map(({ path }) => path).filter((path) => path.endsWith(".png"));
  return {
    id,
    file_name: first,
    ...(second === undefined ? {} : { high_file_name: second }),
    width: view.width,
    height: view.height,
    date_captured: dayOf(scan.capturedAt),
    scanId,
    source: scanId,
    view: view.view,
    pixelPitchMm: view.pixelPitchMm,
    ...(scan.airLevel === null ? {} : { airLevel: scan.airLevel }),
    massKg: scan.measured.massKg,
    identifiers,
  };
}

/** A model's box stands for a class that an examination found, from this score on. */
const LEAST_SCORE = 0.1;

/**
 * What the examination says of one view. Found and boxed by a model: the boxes. Found and boxed by none in any view: the whole
 * image, to be neither taught nor punished. Nothing found by a full examination: no annotation, a negative. After an examination in
 * part or of papers that found nothing, the model's own boxes are left open the same way.
 */
export function annotationsOf(about: {
  readonly imageId: number;
  readonly first: number;
  readonly stored: StoredScan;
  readonly view: ViewPlanes;
  readonly finding: Finding;
}): readonly CocoAnnotation[] {
  const { imageId, first, stored, view, finding } = about;
  const detections = (stored.analysis?.detections ?? []).filter(({ score }) => score >= LEAST_SCORE);
  const confirmed = finding.result === "confirmed" ? finding.classes : [];
  const found: Omit<CocoAnnotation, "id" | "image_id" | "category_id">[] = [];
  const categories: string[] = [];
  const add = (name: string, one: (typeof found)[number]) => {
    categories.push(name);
    found.push(one);
  };
  const full = finding.examination === "full";
  for (const detection of detections) {
    const known = confirmed.includes(detection.class);
    if (!known && full) continue;
    for (const box of detection.boxes.filter((each) => each.view === view.view)) {
      const bbox = [box.x, box.y, box.width, box.height] as const;
      const sure = { iscrowd: known ? 0 : 1, tier: known ? "clear" : "hidden" } as const;
      const from = { boxFrom: detection.model, score: detection.score };
      add(detection.class, { bbox, area: box.width * box.height, ...sure, ...from });
    }
  }
  for (const name of confirmed.filter((each) => !detections.some((one) => one.class === each))) {
    const bbox = [0, 0, view.width, view.height] as const;
    const open = { iscrowd: 1, tier: "hidden", boxFrom: "image", score: null } as const;
    add(name, { bbox, area: view.width * view.height, ...open });
  }
  return found.flatMap((one, at) => {
    const category = (THREAT_CLASSES as readonly string[]).indexOf(categories[at] ?? "") + 1;
    return category === 0 ? [] : [{ id: first + at, image_id: imageId, category_id: category, ...one }];
  });
}

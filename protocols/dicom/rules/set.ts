import type { DataSet } from "../model.ts";
import { TAG } from "../tags.ts";
import { objectKind } from "../uids.ts";
import { itemsOf, numberOf, numbersOf, textOf } from "../values.ts";
import type { Finding } from "./finding.ts";

/** Rounding of coordinates as 32-bit floats, pixels. */
const ROUNDING = 0.01;

/**
 * Checks reports against the images given with them: instances that exist, of the same scan, boxes inside the image
 * (reference, 1.9, checks 4 and 5). Images that were not given are not missed.
 */
export function checkReferences(report: DataSet, images: readonly DataSet[]): readonly Finding[] {
  if (objectKind(textOf(report, TAG.sopClass) ?? "") !== "tdr" || images.length === 0) return [];
  const known = new Map(images.map((image) => [textOf(image, TAG.sopInstance), image]));
  const findings: Finding[] = [];
  const say = (rule: string, tag: string, message: string, remedy: string) =>
    findings.push({ rule, level: "error", tag, message, remedy });
  for (const reference of itemsOf(report, TAG.referencedScan)) {
    const image = known.get(textOf(reference, TAG.referencedSopInstance));
    if (image === undefined)
      say("REF-01", "0008,1110", "it refers to an image that was not given", "Give all images.");
    else if (textOf(image, TAG.scanUid) !== textOf(report, TAG.scanUid)) {
      say(
        "REF-02",
        "0020,000d",
        "report and image have different Scan Instance UIDs",
        "Copy the UID of the image.",
      );
    }
  }
  for (const place of itemsOf(report, TAG.threats).flatMap((item) => itemsOf(item, TAG.representations))) {
    for (const reference of itemsOf(place, TAG.referencedInstances)) {
      const image = known.get(textOf(reference, TAG.referencedSopInstance));
      if (image === undefined)
        say("REF-03", "0008,114a", "an object was seen in an image that was not given", "Give it.");
      else if (!inside(place, image)) {
        say(
          "REF-04",
          "4010,1001",
          "an object lies outside its image",
          "Write pixels: base and extents, 0-based.",
        );
      }
    }
  }
  return findings;
}

function inside(place: DataSet, image: DataSet): boolean {
  const size = [numberOf(image, TAG.columns) ?? 0, numberOf(image, TAG.rows) ?? 0];
  return itemsOf(place, TAG.roiVoxels).every((roi) => {
    const base = numbersOf(roi, TAG.roiBase);
    const extents = numbersOf(roi, TAG.roiExtents);
    return size.every((limit, axis) => {
      const from = base[axis] ?? 0;
      return from >= 0 && from + (extents[axis] ?? 0) <= limit + ROUNDING;
    });
  });
}

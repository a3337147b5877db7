import type { Analysis } from "../scan.ts";

type Detection = Analysis["detections"][number];

/** Overlap over union of two extents along the belt from which two boxes may be of one object. */
const SAME_PLACE = 0.5;

/**
 * One entry an object (`mqtt.md`, Hit `detections`): views share the lines of the scan, so that boxes of one class, by one
 * model, at the same lines of two views are the two sides of one object. Best first; each box joins at most one other view's,
 * and the entry takes the best score: a second look at the same object is no second object.
 */
export function joinViews(detections: readonly Detection[]): Detection[] {
  const joined: Detection[] = [];
  for (const one of detections.toSorted((a, b) => b.score - a.score)) {
    const at = joined.findIndex((other) => isSameObject(one, other));
    const other = joined[at];
    if (other === undefined) joined.push(one);
    else joined[at] = { ...other, boxes: [...other.boxes, ...one.boxes] };
  }
  return joined;
}

function isSameObject(one: Detection, other: Detection): boolean {
  const [box] = one.boxes;
  if (box === undefined || one.class !== other.class || one.model !== other.model) return false;
  if (other.boxes.some(({ view }) => view === box.view)) return false;
  return other.boxes.some((seen) => {
    const shared = Math.min(box.x + box.width, seen.x + seen.width) - Math.max(box.x, seen.x);
    const both = Math.max(box.x + box.width, seen.x + seen.width) - Math.min(box.x, seen.x);
    return shared >= SAME_PLACE * both;
  });
}

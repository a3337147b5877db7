import type { Random } from "../random.ts";
import type { Pair } from "./pair.ts";
import type { Place } from "./project.ts";
import type { Stencil } from "./stencil.ts";

/** Attenuation of the high energy from which a pixel belongs to the body. */
const BODY_FROM = 0.03;
/** Rows and columns count from this many body pixels on, so that specks do not stretch the body. */
const ENOUGH = 6;
const RIM = 3;
const TRIES = 60;
/** A place is refused where more than this share of the stencil's marks would lie on what is opaque already. */
const MAX_OPAQUE_SHARE = 0.35;
const OPAQUE_FROM = 3.5;

/** First and one past last body pixel of each row and column. */
export interface Body {
  readonly rows: readonly (readonly [number, number])[];
  readonly columns: readonly (readonly [number, number])[];
  readonly opaque: Uint8Array;
}

/** The body of a pair: what lies between the outermost matter of its row and of its column. */
export function bodyOf({ width, height, planes }: Pair): Body {
  const shown = Float32Array.from(planes[1], (t) => -Math.log(Math.max(1e-4, t)));
  const span = (count: number, at: (k: number) => number): readonly [number, number] => {
    let [first, last, found] = [count, 0, 0];
    for (let k = 0; k < count; k++) {
      if ((shown[at(k)] as number) < BODY_FROM) continue;
      found++;
      if (k < first) first = k;
      last = k + 1;
    }
    return found < ENOUGH ? [0, 0] : [first, last];
  };
  return {
    rows: Array.from({ length: height }, (_, y) => span(width, (x) => y * width + x)),
    columns: Array.from({ length: width }, (_, x) => span(height, (y) => y * width + x)),
    opaque: Uint8Array.from(shown, (a) => (a > OPAQUE_FROM ? 1 : 0)),
  };
}

/** A random place where all marks of the stencil lie inside the body; undefined where none was found. */
export function findPlace(pair: Pair, body: Body, stencil: Stencil, random: Random): Place | undefined {
  const marks = marksOf(stencil);
  for (let n = 0; n < TRIES; n++) {
    const place = {
      x: random.int(-RIM, Math.max(-RIM, pair.width - stencil.width + RIM)),
      y: random.int(-RIM, Math.max(-RIM, pair.height - stencil.height + RIM)),
    };
    if (fits(pair, body, marks, place)) return place;
  }
  return undefined;
}

/** Marked pixels of a stencil: those whose line integral shows. */
function marksOf({ width, height, lines }: Stencil): readonly (readonly [number, number])[] {
  const bins = lines.length / (width * height);
  const marks: [number, number][] = [];
  for (let i = 0; i < width * height; i++) {
    if ((lines[(i + 1) * bins - 1] as number) > 0.004) marks.push([i % width, Math.floor(i / width)]);
  }
  return marks;
}

function fits(pair: Pair, body: Body, marks: readonly (readonly [number, number])[], place: Place): boolean {
  let opaque = 0;
  for (const [mx, my] of marks) {
    const x = place.x + mx;
    const y = place.y + my;
    const row = body.rows[y];
    const column = body.columns[x];
    if (row === undefined || column === undefined) return false;
    if (x < row[0] + RIM || x >= row[1] - RIM || y < column[0] + RIM || y >= column[1] - RIM) return false;
    opaque += body.opaque[y * pair.width + x] as number;
  }
  return marks.length > 0 && opaque <= MAX_OPAQUE_SHARE * marks.length;
}

import type { Analysis } from "../../scan.ts";
import type { Target, Tier } from "./dataset.ts";
import { averagePrecision, type Ranked } from "./statistics.ts";

/** Overlap over union from which a box has found an object. */
const OVERLAP = 0.5;
/** Which objects are to be found; those of other tiers are neither wanted nor wrong. */
export const SETTINGS = ["visible", "clear", "partial", "hidden"] as const;
export type Setting = (typeof SETTINGS)[number];
const WANTED: Readonly<Record<Setting, readonly Tier[]>> = {
  visible: ["clear", "partial"],
  clear: ["clear"],
  partial: ["partial"],
  hidden: ["hidden"],
};
/** What a box is under a setting, two bits each. */
const MISS = 0;
const HIT = 1;
const LEFT_OUT = 2;

/** One box of a scan, of the class it is tallied under. */
export interface Box {
  readonly view: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly score: number;
  readonly raw: number;
}

/** Every box of every detection: an object seen in two views is looked for in each. */
export function boxesOf(detections: Analysis["detections"], name: string): readonly Box[] {
  return detections
    .filter((one) => one.class === name)
    .flatMap(({ boxes, score, raw = score }) => boxes.map((box) => ({ ...box, score, raw })))
    .sort((a, b) => b.raw - a.raw);
}

/** The finds of one class over a data set: thirteen bytes a box, so that a million cost little. */
export class ClassTally {
  #raw = new Float32Array(1024);
  #score = new Float32Array(1024);
  #image = new Uint32Array(1024);
  #state = new Uint8Array(1024);
  #size = 0;
  readonly #wanted: { readonly image: number; readonly counts: readonly number[] }[] = [];
  #order: Uint32Array | null = null;

  /** Boxes (best first) and objects of this class in scan number `image`. */
  add(image: number, boxes: readonly Box[], targets: readonly Target[]): void {
    this.#order = null;
    const states = SETTINGS.map((setting) => judge(boxes, targets, WANTED[setting]));
    for (const [at, box] of boxes.entries()) {
      this.#room();
      this.#raw[this.#size] = box.raw;
      this.#score[this.#size] = box.score;
      this.#image[this.#size] = image;
      this.#state[this.#size] = states.reduce((bits, each, n) => bits | (each[at]! << (2 * n)), 0);
      this.#size++;
    }
    const counts = SETTINGS.map(
      (setting) => targets.filter(({ tier }) => WANTED[setting].includes(tier)).length,
    );
    if (targets.length > 0) this.#wanted.push({ image, counts });
  }

  /** Boxes counted, for the cost of a bootstrap. */
  get size(): number {
    return this.#size;
  }

  /** Objects to be found. `times`: how often each scan counts. */
  positives(setting: Setting, times?: Uint16Array): number {
    const n = SETTINGS.indexOf(setting);
    return this.#wanted.reduce((sum, { image, counts }) => sum + counts[n]! * (times?.[image] ?? 1), 0);
  }

  ranked(setting: Setting, times?: Uint16Array): Ranked & { readonly scores: readonly number[] } {
    const bit = 2 * SETTINGS.indexOf(setting);
    const hits: boolean[] = [];
    const scores: number[] = [];
    const weights: number[] = [];
    for (const at of this.#ordered()) {
      const state = (this.#state[at]! >> bit) & 3;
      const weight = times?.[this.#image[at]!] ?? 1;
      if (state === LEFT_OUT || weight === 0) continue;
      hits.push(state === HIT);
      scores.push(this.#score[at]!);
      weights.push(weight);
    }
    return { hits, scores, positives: this.positives(setting, times), ...(times && { weights }) };
  }

  averagePrecision(setting: Setting, times?: Uint16Array): number | null {
    return averagePrecision(this.ranked(setting, times));
  }

  #ordered(): Uint32Array {
    this.#order ??= Uint32Array.from({ length: this.#size }, (_, at) => at).sort(
      (a, b) => this.#raw[b]! - this.#raw[a]! || a - b,
    );
    return this.#order;
  }

  #room(): void {
    if (this.#size < this.#raw.length) return;
    const length = 2 * this.#raw.length;
    const grown = <T extends { set(from: T): void }>(made: T, from: T): T => {
      made.set(from);
      return made;
    };
    this.#raw = grown(new Float32Array(length), this.#raw);
    this.#score = grown(new Float32Array(length), this.#score);
    this.#image = grown(new Uint32Array(length), this.#image);
    this.#state = grown(new Uint8Array(length), this.#state);
  }
}

/** Best box first, each object once; a box on an object that is not wanted is left out. */
function judge(
  boxes: readonly Box[],
  targets: readonly Target[],
  wanted: readonly Tier[],
): readonly number[] {
  const open = targets
    .filter(({ tier }) => wanted.includes(tier))
    .map((target) => ({ target, taken: false }));
  const others = targets.filter(({ tier }) => !wanted.includes(tier));
  return boxes.map((box) => {
    let best: { entry: (typeof open)[number]; overlap: number } | null = null;
    for (const entry of open) {
      if (entry.taken) continue;
      const overlap = overlapOf(box, entry.target);
      if (overlap >= OVERLAP && overlap > (best?.overlap ?? 0)) best = { entry, overlap };
    }
    if (best !== null) {
      best.entry.taken = true;
      return HIT;
    }
    return others.some((other) => overlapOf(box, other) >= OVERLAP) ? LEFT_OUT : MISS;
  });
}

interface Placed {
  readonly view: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Overlap over union; 0 in different views. */
export function overlapOf(a: Placed, b: Placed): number {
  if (a.view !== b.view) return 0;
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (across <= 0 || down <= 0) return 0;
  const shared = across * down;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

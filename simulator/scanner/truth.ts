import type { FileHandle } from "node:fs/promises";
import { openToAppend } from "../files.ts";
import { Random } from "../random.ts";
import type { ScanTruth } from "../truth.ts";

/** How central comes to publish a parcel's declaration. */
export const DELIVERIES = ["on-time", "late", "amended", "never"] as const;
export type Delivery = (typeof DELIVERIES)[number];

/** A line of the truth file: what is really in a scan, written before the item is scanned. */
export interface TruthLine extends ScanTruth {
  readonly scanRef: string;
  /** RFC 3339: when the item was announced; declarations are dated from it. */
  readonly at: string;
  readonly delivery: Delivery;
}

/** Shares of late and amended declarations among those that exist. */
const DELIVERY_WEIGHTS: readonly (readonly [Delivery, number])[] = [
  ["on-time", 0.86],
  ["late", 0.08],
  ["amended", 0.06],
];

/** The truth of a scan as a line of the file. */
export function truthLine(truth: ScanTruth, scanRef: string, at: string): TruthLine {
  const random = new Random(truth.seed, `delivery ${truth.index}`);
  const delivery = truth.declaration === null ? "never" : random.weighted(DELIVERY_WEIGHTS);
  return { scanRef, at, delivery, ...truth };
}

/** Appends truth lines to a file. */
export class TruthFile {
  readonly #path: string;
  #file: FileHandle | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async start(): Promise<void> {
    this.#file = await openToAppend(this.#path, "--truth");
  }

  async append(line: TruthLine): Promise<void> {
    await this.#file?.appendFile(`${JSON.stringify(line)}\n`);
  }

  async stop(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }
}

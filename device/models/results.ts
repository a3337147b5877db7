import { appendFile, mkdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Log } from "../log.ts";
import type { Said } from "./comparison.ts";

/** A file of results that grows beyond is put aside as `.1`, in place of the one before, bytes. */
export const MAX_RESULT_BYTES = 4_000_000;

/** What the active package and a candidate said of one scan. No identifier of a consignment or person is among it. */
export interface TrialResult {
  readonly at: string;
  readonly scanId: string;
  readonly stage: "shadow" | "canary";
  readonly active: Said | null;
  readonly candidate: Said | null;
  readonly agrees: boolean;
}

/** Results of trials, a JSON line each: `trials/NAME-VERSION.ndjson`. They stay on the gateway; none is a hit. */
export class TrialResults {
  readonly #folder: string;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();

  constructor(options: { readonly folder: string; readonly log: Log }) {
    this.#folder = join(options.folder, "trials");
    this.#log = options.log;
  }

  /** Never rejects: a result that cannot be kept was counted all the same. */
  add(name: string, version: string, result: TrialResult): void {
    const path = join(this.#folder, `${name}-${version}.ndjson`);
    this.#last = this.#last
      .then(() => append(path, `${JSON.stringify(result)}\n`))
      .catch((error: unknown) => this.#log.warn({ err: error }, "the result of a trial could not be kept"));
  }

  async settled(): Promise<void> {
    await this.#last;
  }
}

async function append(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size + line.length > MAX_RESULT_BYTES) await rename(path, `${path}.1`);
  await appendFile(path, line, { mode: 0o640 });
}

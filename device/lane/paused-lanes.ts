import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { replaceDurably } from "../durable.ts";
import { Listeners } from "../listeners.ts";
import type { Log } from "../log.ts";
import type { Admission, ScanStore } from "../spool/port.ts";

const fileSchema = z.array(z.tuple([z.string().max(32), z.number()])).max(1000);

/** Whether one lane is paused. */
export interface LanePause {
  /** ms since the epoch; null: it is not. */
  since(): number | null;
  onChange(listener: () => void): () => void;
}

/** Lanes that central has paused, on disk: they stay so across restarts until central resumes them. */
export class PausedLanes {
  readonly lanes: readonly string[];
  readonly #file: string;
  readonly #clock: () => number;
  readonly #log: Log;
  readonly #listeners = new Listeners<string>();
  /** Since when, ms since the epoch. */
  #paused = new Map<string, number>();

  constructor(options: { lanes: readonly string[]; file: string; clock: () => number; log: Log }) {
    this.lanes = options.lanes;
    this.#file = options.file;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Reads which are paused. A file that cannot be read pauses nothing, and is said. */
  async start(): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o750 });
    try {
      this.#paused = new Map(fileSchema.parse(JSON.parse(await readFile(this.#file, "utf8"))));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        this.#log.error({ err: error }, "which lanes are paused cannot be read; none is");
    }
    for (const lane of this.#paused.keys()) {
      this.#log.warn({ code: "LANE_PAUSED", lane }, "the lane is paused by central");
      this.#listeners.tell(lane);
    }
  }

  /** Since when a lane is paused, ms since the epoch; null: it is not. */
  since(lane: string): number | null {
    return this.#paused.get(lane) ?? null;
  }

  /** Durable when it resolves; false: it was so already. */
  async set(lane: string, paused: boolean): Promise<boolean> {
    if (this.#paused.has(lane) === paused) return false;
    const next = new Map(this.#paused);
    if (paused) next.set(lane, this.#clock());
    else next.delete(lane);
    await replaceDurably(this.#file, JSON.stringify([...next]));
    this.#paused = next;
    if (paused) this.#log.warn({ code: "LANE_PAUSED", lane }, "central paused the lane");
    else this.#log.warn({ code: "LANE_RESUMED", lane }, "central resumed the lane");
    this.#listeners.tell(lane);
    return true;
  }

  /** Called with the lane that was paused or resumed. */
  onChange(listener: (lane: string) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** One lane's pause, for what follows its state. */
  follow(lane: string): LanePause {
    return {
      since: () => this.since(lane),
      onChange: (listener) =>
        this.onChange((changed) => {
          if (changed === lane) listener();
        }),
    };
  }

  /** A store that admits no scan of a paused lane; `refused` hears of each one that is not admitted, whatever the reason. */
  admitting(store: ScanStore, refused: (lane: string, code: string) => void = () => undefined): ScanStore {
    const admission = (lane: string): Admission => {
      const own: Admission = this.#paused.has(lane)
        ? { ok: false, code: "PAUSED", message: "Central has paused the lane; send the scan again later" }
        : store.admission(lane);
      if (!own.ok) refused(lane, own.code);
      return own;
    };
    return {
      admission,
      find: (lane, key) => store.find(lane, key),
      begin: (options) => store.begin(options),
    };
  }
}

import { join } from "node:path";
import { removeBackups } from "./backup.ts";
import { Evictor, type EvictorOptions } from "./evictor.ts";
import { isAtLeast } from "./ladder.ts";
import type { OutboxRow, UnsealedData } from "./port.ts";
import { damagedPlanes, planesDamaged, QUARANTINE, quarantine } from "./quarantine.ts";

/** Between two rounds, ms; a refused scan brings the next one forward. */
const ROUND_MS = 10_000;
/** Orphans looked up in one operation. */
const SWEEP_STEP = 1000;
/** Steps of erasing or eviction in one round, so that other work is let in between. */
const MAX_STEPS = 50;
/** Least time between two rounds, ms. */
const HURRY_MS = 200;

interface Alert {
  readonly data: UnsealedData;
  readonly lane: string | null;
  readonly scanId: string | null;
}

export interface UpkeepOptions extends EvictorOptions {
  readonly keepPublishedMs: number;
  readonly alert: (alert: Alert) => Promise<OutboxRow>;
}

/** What a damaged journal left: the file it was moved to and the rows saved from it. */
export interface Salvaged {
  readonly file: string;
  readonly rows: Readonly<Record<string, number>>;
}

/** Keeps the spool within its bounds: sweeps orphans, evicts delivered planes, erases what may go, says when it is full. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  #timer: NodeJS.Timeout | null = null;
  #stopped = true;
  readonly #evictor: Evictor;
  /** Work of the background, one piece after another. */
  #work: Promise<void> = Promise.resolve();
  #hurried = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#evictor = new Evictor(options);
  }

  async start(salvaged: Salvaged | null): Promise<void> {
    const { client, room } = this.#options;
    this.#stopped = false;
    room.change(await client.call("planeBytes", undefined));
    if (salvaged !== null) await this.#saySalvaged(salvaged);
    await this.#quarantineDamaged();
    const orphans = await this.#orphans();
    if (orphans.length > 0) this.#options.log.info({ folders: orphans.length }, "removing unfinished scans");
    this.remove(orphans);
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#work;
  }

  /** Removes folders in the background. */
  remove(directories: readonly string[]): void {
    if (directories.length > 0) this.#then(() => this.#options.planes.remove(directories));
  }

  /** Room is wanted now. */
  hurry(): void {
    if (this.#hurried || this.#stopped) return;
    this.#hurried = true;
    this.#schedule(HURRY_MS);
  }

  #schedule(ms: number): void {
    if (this.#stopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#hurried = false;
      this.#then(() => this.#round());
      this.#schedule(ROUND_MS);
    }, ms);
    this.#timer.unref();
  }

  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#options.log.warn({ error }, "the spool's upkeep failed; it is tried again");
    });
  }

  async #round(): Promise<void> {
    const { client, room, life, proven, keepPublishedMs } = this.#options;
    for (let step = 0; step < MAX_STEPS && !this.#stopped; step += 1) {
      const holdFirst = !isAtLeast(room.level, "reserve");
      const time = { now: proven(), life: life(), keepPublishedMs, holdFirst };
      const { more, backupsOver } = await client.call("upkeep", time, "grouped");
      if (backupsOver) removeBackups(this.#options.path);
      if (!more) break;
    }
    await this.#evictor.round(() => this.#stopped);
  }

  async #saySalvaged({ file, rows }: Salvaged): Promise<void> {
    this.#options.log.error(
      { file, rows },
      "the journal was damaged; what could be read was saved into a new one",
    );
    await this.#options.alert({
      lane: null,
      scanId: null,
      data: {
        code: "JOURNAL_SALVAGED",
        severity: "critical",
        message: "The journal was damaged; what could be read was saved into a new one, which counts from 1",
        remedy:
          "Check the disk. The damaged file is kept beside the journal: compare what central holds with it.",
        details: { ...rows },
      },
    });
  }

  /** Scans still to be analysed, whose planes the disk lost: kept apart with what is whole, and said. */
  async #quarantineDamaged(): Promise<void> {
    const { client, path, log, alert } = this.#options;
    for (const { scan } of await client.call("unfinishedScans", undefined)) {
      const { scanId, directory, lane } = scan;
      const files = await damagedPlanes(join(path, directory), scan.planes);
      if (files.length === 0 || directory.startsWith(QUARANTINE)) continue;
      const moved = await quarantine(path, directory);
      if (moved !== null) await client.call("quarantineScan", { scanId, directory: moved });
      log.error({ scanId, files }, "image planes of a scan are damaged; its folder is kept apart");
      await alert({ lane, scanId, data: planesDamaged({ scanId, lane, files, folder: moved }) });
    }
  }

  async #orphans(): Promise<string[]> {
    const { client, planes } = this.#options;
    const folders = await planes.list();
    const orphans: string[] = [];
    for (let from = 0; from < folders.length; from += SWEEP_STEP) {
      const step = folders.slice(from, from + SWEEP_STEP);
      const kept = new Set(await client.call("keptDirectories", { directories: step }));
      orphans.push(...step.filter((folder) => !kept.has(folder)));
    }
    return orphans;
  }
}

import type { Log } from "../log.ts";
import { removeBackups } from "./backup.ts";
import type { JournalClient } from "./client.ts";
import type { PlaneStore } from "./plane-store.ts";
import type { OutboxRow, UnsealedData } from "./port.ts";
import type { Room } from "./room.ts";

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
  readonly lane: null;
  readonly scanId: null;
}

export interface UpkeepOptions {
  /** The spool's folder. */
  readonly path: string;
  readonly client: JournalClient;
  readonly planes: PlaneStore;
  readonly room: Room;
  readonly keepPublishedMs: number;
  /** How long the gateway has run, ms. */
  readonly life: () => number;
  /** No later than the true time, ms since the epoch. */
  readonly proven: () => number;
  readonly log: Log;
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
  #saidFull = false;
  /** Work of the background, one piece after another. */
  #work: Promise<void> = Promise.resolve();
  #hurried = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  async start(salvaged: Salvaged | null): Promise<void> {
    const { client, room } = this.#options;
    this.#stopped = false;
    room.change(await client.call("planeBytes", undefined));
    if (salvaged !== null) await this.#saySalvaged(salvaged);
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
    const { client, life, proven, keepPublishedMs } = this.#options;
    for (let step = 0; step < MAX_STEPS && !this.#stopped; step += 1) {
      const time = { now: proven(), life: life(), keepPublishedMs };
      const { more, backupsOver } = await client.call("upkeep", time, "grouped");
      if (backupsOver) removeBackups(this.#options.path);
      if (!more) break;
    }
    await this.#evict();
    await this.#sayFull();
  }

  async #evict(): Promise<void> {
    const { client, planes, room, log } = this.#options;
    for (let step = 0; step < MAX_STEPS && room.excess > 0 && !this.#stopped; step += 1) {
      const { directories, freed } = await client.call("evictScans", { bytes: room.excess }, "grouped");
      if (directories.length === 0) break;
      await planes.remove(directories);
      room.change(-freed);
      log.info({ scans: directories.length, bytes: freed }, "removed the planes of delivered scans");
    }
  }

  /** Once each time the spool fills up. */
  async #sayFull(): Promise<void> {
    const admission = this.#options.room.admission();
    if (admission.ok) {
      this.#saidFull = false;
      return;
    }
    if (this.#saidFull) return;
    this.#saidFull = true;
    await this.#options.alert({
      lane: null,
      scanId: null,
      data: {
        code: "DISK_LOW",
        severity: "critical",
        message: `No scan is admitted: ${admission.message}`,
        remedy:
          "Free space on the spool's volume, raise spool.maxBytes, or see why central sends no receipts.",
        details: { freeBytes: this.#options.room.free, usedBytes: this.#options.room.used },
      },
    });
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

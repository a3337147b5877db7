import type { Log } from "../log.ts";
import { removeBackups } from "./backup.ts";
import { releaseBallast } from "./ballast.ts";
import type { JournalClient } from "./client.ts";
import { isAtLeast, LADDER, type Level, type Tier, tiersAt } from "./ladder.ts";
import type { Evicted } from "./operations/eviction.ts";
import type { PlaneStore } from "./plane-store.ts";
import type { OutboxRow, UnsealedData } from "./port.ts";
import type { Room } from "./room.ts";

/** Steps of eviction in one round, so that other work is let in between. */
const MAX_STEPS = 50;
const DAY_MS = 24 * 3_600_000;

const REASONS: Readonly<Record<Tier, string>> = {
  idle: "the spool fills up; no item was in it",
  low: "the spool fills up; delivered, scored low",
  any: "the spool is almost full; delivered",
};

const SAID = {
  filling: {
    code: "SPOOL_FILLING",
    severity: "warning",
    message:
      "The spool is almost full: images of delivered scans go, the oldest first; packages and copies for archives wait",
  },
  released: {
    code: "BALLAST_RELEASED",
    severity: "warning",
    message:
      "The spool's volume is almost full: space that was held back is the journal's now, not the images'",
  },
  full: { code: "DISK_LOW", severity: "critical", message: "No scan is admitted" },
} as const;

export interface EvictorOptions {
  /** The spool's folder. */
  readonly path: string;
  readonly client: JournalClient;
  readonly planes: PlaneStore;
  readonly room: Room;
  /** How long delivered images are kept at most, ms of running time; absent: as long as there is room. */
  readonly keepImagesMs?: number | undefined;
  /** How long the gateway has run, ms. */
  readonly life: () => number;
  /** No later than the true time, ms since the epoch. */
  readonly proven: () => number;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly alert: (alert: { data: UnsealedData; lane: null; scanId: null }) => Promise<OutboxRow>;
  readonly log: Log;
}

/** Makes room as the spool fills, step by step of the ladder, and says when that is not enough. */
export class Evictor {
  readonly #options: EvictorOptions;
  #said: Level = "open";

  constructor(options: EvictorOptions) {
    this.#options = options;
  }

  /** `stopped`: asked between two steps. */
  async round(stopped: () => boolean): Promise<void> {
    const { client, room, life, clock, keepImagesMs } = this.#options;
    if (room.fill >= LADDER.letters) await this.#dropLetters();
    if (keepImagesMs !== undefined) {
      const old = { life: life(), keepMs: keepImagesMs, now: clock() };
      await this.#repeat(stopped, () => client.call("evictOld", old, "grouped"));
    }
    for (const { tier, downTo } of tiersAt(room.fill)) {
      await this.#repeat(stopped, () => {
        const bytes = room.above(downTo);
        const given = { bytes, tier, now: clock(), reason: REASONS[tier] };
        return bytes > 0 ? client.call("evictScans", given, "grouped") : null;
      });
    }
    await this.#say();
  }

  /** Until nothing more is to go, or can. */
  async #repeat(stopped: () => boolean, next: () => Promise<Evicted> | null): Promise<void> {
    const { planes, room, log } = this.#options;
    for (let step = 0; step < MAX_STEPS && !stopped(); step += 1) {
      const evicted = await next();
      if (evicted === null || evicted.directories.length === 0) return;
      await planes.remove(evicted.directories);
      room.change(-evicted.freed);
      log.info(
        { scans: evicted.directories.length, bytes: evicted.freed },
        "removed the planes of delivered scans",
      );
    }
  }

  async #dropLetters(): Promise<void> {
    const { client, path, proven, clock, log } = this.#options;
    removeBackups(path);
    const given = { before: proven() - DAY_MS, now: clock() };
    const dropped = await client.call("dropLetterBodies", given, "grouped");
    if (dropped > 0) log.info({ letters: dropped }, "dropped the bodies of messages that could not be read");
  }

  /** A level that the spool comes to is told once; on the way down nothing is. */
  async #say(): Promise<void> {
    const { path, room } = this.#options;
    const { level } = room;
    const before = this.#said;
    this.#said = level;
    if (level === "full" && before !== "full") await this.#tell(SAID.full);
    else if (level !== "open" && before === "open") await this.#tell(SAID.filling);
    if (!isAtLeast(level, "reserve") || !room.isOfVolume || !releaseBallast(path, "first")) return;
    room.lookAgain();
    await this.#tell(SAID.released);
  }

  async #tell({ code, severity, message }: (typeof SAID)[keyof typeof SAID]): Promise<void> {
    const { room, alert } = this.#options;
    const admission = room.admission();
    const why = code === "DISK_LOW" && !admission.ok ? `: ${admission.message}` : "";
    await alert({
      lane: null,
      scanId: null,
      data: {
        code,
        severity,
        message: message + why,
        remedy:
          "Free space on the spool's volume, raise spool.maxBytes, or see why central sends no receipts.",
        details: {
          level: room.level,
          freeBytes: room.free,
          usedBytes: room.used,
          fill: Math.round(room.fill * 100) / 100,
        },
      },
    });
  }
}

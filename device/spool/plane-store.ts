import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { scanIdAt } from "../../protocols/ids.ts";
import { syncEntries, syncFile } from "../durable.ts";
import type { Capture, PlaneCipher } from "../scan.ts";
import { makeDirectory } from "./database.ts";
import { diskError } from "./disk-errors.ts";
import { PlaneWriter } from "./planes.ts";

const SCANS = "scans";
/** Bytes of randomness in a scan id. */
const ID_BYTES = 10;

/** The image planes of the spool: `scans/<yyyymmdd>/<scanId>/v0-e0.u16`, one folder a scan. */
export class PlaneStore {
  readonly #path: string;
  readonly #clock: () => number;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #newCipher: () => PlaneCipher | null;
  readonly #writers = new Map<string, PlaneWriter>();
  /** The day whose folder is known to be durable. */
  #day = "";

  constructor(options: {
    path: string;
    clock: () => number;
    random: (bytes: number) => Uint8Array;
    newCipher: () => PlaneCipher | null;
  }) {
    this.#path = options.path;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#newCipher = options.newCipher;
  }

  /** Scans whose planes are being written. */
  get writing(): number {
    return this.#writers.size;
  }

  start(): void {
    makeDirectory(join(this.#path, SCANS));
  }

  /** Mints a scan id and opens its folder. */
  async begin(maxBytes: number): Promise<PlaneWriter> {
    const now = this.#clock();
    const scanId = scanIdAt(now, this.#random(ID_BYTES));
    const day = new Date(now).toISOString().slice(0, 10).replaceAll("-", "");
    await this.#makeDay(day);
    const writer = await PlaneWriter.begin({
      scanId,
      directory: join(this.#path, SCANS, day, scanId),
      maxBytes,
      newCipher: this.#newCipher,
      onEnd: () => this.#writers.delete(scanId),
    });
    this.#writers.set(scanId, writer);
    return writer;
  }

  /** Makes a capture's planes durable: through the files that wrote them, or by name after a restart. */
  async sync(capture: Capture): Promise<void> {
    const writer = this.#writers.get(capture.scanId);
    if (writer !== undefined) {
      await writer.sync();
      return;
    }
    try {
      await Promise.all([
        syncEntries(capture.directory),
        ...capture.planes.map(({ file }) => syncFile(join(capture.directory, file))),
      ]);
    } catch (error) {
      throw diskError(error, "making a scan durable");
    }
  }

  /** A folder's name as the journal keeps it. */
  toRelative(directory: string): string {
    return relative(this.#path, directory);
  }

  toAbsolute(directory: string): string {
    return join(this.#path, directory);
  }

  /** Removes scans' folders (names relative to the spool). */
  async remove(directories: readonly string[]): Promise<void> {
    for (const directory of directories)
      await rm(this.toAbsolute(directory), { recursive: true, force: true });
  }

  /** Every scan's folder, relative to the spool. Folders of days with none are removed. */
  async list(): Promise<string[]> {
    const found: string[] = [];
    for (const day of await readdir(join(this.#path, SCANS))) {
      const scans = await readdir(join(this.#path, SCANS, day));
      if (scans.length === 0) await rmdir(join(this.#path, SCANS, day));
      for (const scan of scans) found.push(join(SCANS, day, scan));
    }
    return found;
  }

  /** Drops every acquisition that has not ended. */
  async stop(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.discard()));
  }

  async #makeDay(day: string): Promise<void> {
    if (day === this.#day) return;
    try {
      await mkdir(join(this.#path, SCANS, day), { recursive: true, mode: 0o750 });
      await syncEntries(join(this.#path, SCANS));
    } catch (error) {
      throw diskError(error, "creating a day's folder");
    }
    this.#day = day;
  }
}

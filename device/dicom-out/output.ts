import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DicosVersion } from "../../protocols/dicom/dicos/common.ts";
import type { Outcome } from "../../protocols/mqtt/outcome.ts";
import type { Received } from "../../protocols/mqtt/received.ts";
import { backoffMs, pause } from "../backoff.ts";
import type { HitData } from "../fusion/hit.ts";
import type { Log } from "../log.ts";
import type { Scan } from "../scan.ts";
import { syncEntries } from "../spool/planes.ts";
import type { OutboxRow, Spool } from "../spool/port.ts";
import type { Archive } from "./archive.ts";
import { imagesOf } from "./images.ts";
import { outcomeReport } from "./outcome-report.ts";
import { MAX_QUEUED } from "./queue.ts";
import { machineReport } from "./report.ts";

export interface OutputOptions {
  /** Where it keeps its place; archives' queues lie beside it. */
  readonly directory: string;
  readonly version: DicosVersion;
  readonly software: string;
  readonly site: string;
  readonly gateway: string;
  /** Reports are written here too; null: nowhere. */
  readonly folder: string | null;
  readonly folderImages: boolean;
  readonly archives: readonly { readonly archive: Archive; readonly images: boolean }[];
  readonly spool: Pick<Spool, "hitsAfter" | "scan" | "onCommitted">;
  readonly log: Log;
}

/** Hits looked at in one step. */
const STEP = 50;
const RETRY = { baseMs: 1_000, maxMs: 60_000 };

/**
 * Writes a threat detection report for each committed hit, to a folder and into the queue of each archive. It keeps its place
 * in the journal on disk and follows it, so that a stop, a crash or a full disk costs no report.
 */
export class ReportOutput {
  readonly #options: OutputOptions;
  readonly #stopped = new AbortController();
  #place = 0;
  #wake: () => void = () => undefined;
  #fresh = false;
  #running: Promise<void> | null = null;
  #forget: () => void = () => undefined;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  /** The digest of the report on a hit, for the hit itself. */
  digest(hit: HitData, scan: Scan): { readonly sha256: string; readonly bytes: number } {
    const { bytes } = this.#report(hit, scan);
    return { sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
  }

  /**
   * Writes the report on the outcome of an examination, once it is stored. Best effort over a crash: the outcome itself is in
   * the journal.
   */
  async outcome(outcome: Received<Outcome>): Promise<void> {
    const { spool, version, software, site, gateway } = this.#options;
    const stored = await spool.scan(outcome.scanId);
    const report = stored && outcomeReport(outcome, stored.scan, { version, software, site, gateway });
    if (report === null) return;
    const name = `${outcome.scanId}-outcome-${outcome.outcomeId}.dcs`;
    const { folder, archives } = this.#options;
    if (folder !== null) await writeWhole(folder, name, report.bytes);
    for (const { archive } of archives) {
      // Behind every report on a hit: names of these begin with a sequence number.
      await archive.queue.put(`z-${name}`, report.bytes);
      archive.wake();
    }
  }

  async start(): Promise<void> {
    const { directory, folder, archives, spool } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o750 });
    if (folder !== null) await mkdir(folder, { recursive: true });
    for (const { archive } of archives) await archive.start();
    const text = await readFile(this.#placeFile, "utf8").catch(() => "0");
    this.#place = Number.parseInt(text, 10) || 0;
    this.#forget = spool.onCommitted((row) => {
      if (row === null) return;
      this.#fresh = true;
      this.#wake();
    });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#forget();
    this.#stopped.abort();
    this.#wake();
    await this.#running;
    await Promise.all(this.#options.archives.map(({ archive }) => archive.stop()));
  }

  get #placeFile(): string {
    return join(this.#options.directory, "place");
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const more = await this.#step();
        failures = 0;
        if (!more) await this.#untilFresh();
      } catch (error) {
        failures += 1;
        this.#options.log.error({ err: error }, "reports could not be written; tried again");
        await pause(backoffMs(failures, RETRY, Math.random), signal);
      }
    }
  }

  /** Whether there may be more. */
  async #step(): Promise<boolean> {
    const { spool, archives, log } = this.#options;
    for (const { archive } of archives) {
      if ((await archive.queue.count("waiting")) < MAX_QUEUED) continue;
      log.warn({ archive: archive.id }, "the archive's queue is full; reports wait in the journal");
      await pause(RETRY.maxMs, this.#stopped.signal);
      return true;
    }
    const rows = await spool.hitsAfter(this.#place, STEP);
    for (const row of rows) {
      if (this.#stopped.signal.aborted) return false;
      await this.#write(row);
      this.#place = row.sequence;
    }
    if (rows.length > 0) await this.#keepPlace();
    return rows.length === STEP;
  }

  async #write(row: OutboxRow): Promise<void> {
    const { spool, log, archives, folder, folderImages } = this.#options;
    const stored = row.scanId === null ? null : await spool.scan(row.scanId);
    if (stored === null) return;
    const { data: hit } = JSON.parse(row.event) as { data: HitData };
    const { scan } = stored;
    const { bytes } = this.#report(hit, scan);
    if (hit.tdr !== null && createHash("sha256").update(bytes).digest("hex") !== hit.tdr.sha256) {
      log.warn(
        { scanId: scan.scanId, revision: hit.revision },
        "the scan changed since its hit; the report follows the scan",
      );
    }
    const name = `${String(row.sequence).padStart(12, "0")}-${scan.scanId}-r${hit.revision}`;
    const first = hit.revision === 1 || hit.cause === "replaced-scan";
    const wanted = first && (folderImages || archives.some(({ images }) => images));
    const images = wanted ? await this.#images(scan) : [];
    // Images go before the report that refers to them.
    const files = [
      ...images.map((image, index) => ({
        name: `${name}-0image${index}.dcs`,
        bytes: image.bytes,
        image: true,
      })),
      { name: `${name}-1tdr.dcs`, bytes, image: false },
    ];
    for (const file of files) {
      if (folder !== null && (folderImages || !file.image))
        await writeWhole(folder, file.name.slice(13), file.bytes);
      for (const { archive, images: too } of archives) {
        if (file.image && !too) continue;
        await archive.queue.put(file.name, file.bytes);
        archive.wake();
      }
    }
  }

  async #images(scan: Scan): Promise<Awaited<ReturnType<typeof imagesOf>>> {
    try {
      return await imagesOf(scan, this.#options);
    } catch (error) {
      // Planes may have been evicted meanwhile: the report goes all the same.
      this.#options.log.warn({ err: error, scanId: scan.scanId }, "the images of a scan cannot be read");
      return [];
    }
  }

  #report(hit: HitData, scan: Scan) {
    const { version, software } = this.#options;
    return machineReport({ hit, scan, version, software });
  }

  async #keepPlace(): Promise<void> {
    const part = `${this.#placeFile}.part`;
    await writeFile(part, String(this.#place));
    await rename(part, this.#placeFile);
  }

  async #untilFresh(): Promise<void> {
    if (!this.#fresh && !this.#stopped.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#fresh = false;
  }
}

/** Writes a file that is there whole or not at all, and stays after a power cut. */
async function writeWhole(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const part = join(folder, `.${name}.part`);
  await using handle = await open(part, "w", 0o640);
  await handle.writeFile(bytes);
  await handle.datasync();
  await rename(part, join(folder, name));
  await syncEntries(folder);
}

import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DicosVersion } from "../../protocols/dicom/dicos/common.ts";
import type { Outcome } from "../../protocols/mqtt/outcome.ts";
import type { Received } from "../../protocols/mqtt/received.ts";
import type { HitData } from "../fusion/hit.ts";
import type { Log } from "../log.ts";
import type { Scan } from "../scan.ts";
import type { OutboxRow, Spool } from "../spool/port.ts";
import type { Destination, DestinationState, OutgoingFile } from "./destination.ts";
import { type ReportAlert, ReportFollower } from "./follower.ts";
import { imagesOf } from "./images.ts";
import { outcomeReport } from "./outcome-report.ts";
import { Place } from "./place.ts";
import { machineReport } from "./report.ts";

export interface OutputOptions {
  /** Where destinations keep their places; archives' queues lie beside them. */
  readonly directory: string;
  readonly version: DicosVersion;
  readonly software: string;
  readonly site: string;
  readonly gateway: string;
  readonly destinations: readonly Destination[];
  readonly spool: Pick<Spool, "hitsAfter" | "scan" | "onCommitted" | "journal">;
  readonly alert: (alert: ReportAlert) => void;
  readonly log: Log;
  /** Waits of a destination that cannot be written, ms. */
  readonly retry?: { readonly baseMs: number; readonly maxMs: number };
}

/**
 * Writes a threat detection report for each committed hit, and the images of its scan where they are wanted, to each
 * destination. Each follows the journal by itself ({@link ReportFollower}); a destination that is new begins with the oldest
 * hit that the journal still has.
 */
export class ReportOutput {
  readonly #options: OutputOptions;
  readonly #followers: readonly ReportFollower[];
  #forget: () => void = () => undefined;

  constructor(options: OutputOptions) {
    this.#options = options;
    const { destinations, directory, spool, alert, log, retry } = options;
    this.#followers = destinations.map(
      (destination) =>
        new ReportFollower({
          destination,
          place: new Place({
            file: join(directory, `place.${destination.kind}.${destination.id}`),
            journal: spool.journal,
          }),
          spool,
          filesOf: (row, images) => this.#filesOf(row, images),
          alert,
          log,
          ...(retry === undefined ? {} : { retry }),
        }),
    );
  }

  /** The digest of the report on a hit, for the hit itself. */
  digest(hit: HitData, scan: Scan): { readonly sha256: string; readonly bytes: number } {
    const { bytes } = this.#report(hit, scan);
    return { sha256: digestOf(bytes), bytes: bytes.length };
  }

  get destinations(): readonly Destination[] {
    return this.#options.destinations;
  }

  /** How the destinations stand. */
  async states(): Promise<readonly DestinationState[]> {
    return Promise.all(this.#options.destinations.map((destination) => destination.state()));
  }

  /**
   * Writes the report on the outcome of an examination, once it is stored. Best effort over a crash: the outcome itself is in
   * the journal.
   */
  async outcome(outcome: Received<Outcome>): Promise<void> {
    const { spool, version, software, site, gateway, destinations, log } = this.#options;
    const stored = await spool.scan(outcome.scanId);
    const report = stored && outcomeReport(outcome, stored.scan, { version, software, site, gateway });
    if (report === null) return;
    const name = `${outcome.scanId}-outcome-${outcome.outcomeId}.dcs`;
    for (const destination of destinations) {
      // In a queue behind every report on a hit: names of these begin with a sequence number.
      await destination
        .put({ name, order: "z", content: { bytes: report.bytes } })
        .catch((error: unknown) =>
          log.error({ err: error, destination: destination.id }, "no report on an outcome could be written"),
        );
    }
  }

  async start(): Promise<void> {
    const { directory, spool } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o750 });
    for (const follower of this.#followers) await follower.start();
    this.#forget = spool.onCommitted((row) => {
      if (row !== null) for (const follower of this.#followers) follower.wake();
    });
    for (const follower of this.#followers) follower.wake();
  }

  async stop(): Promise<void> {
    this.#forget();
    await Promise.all(this.#followers.map((follower) => follower.stop()));
  }

  /** Images go before the report that refers to them. */
  async #filesOf(row: OutboxRow, images: boolean): Promise<readonly OutgoingFile[]> {
    const { spool, log } = this.#options;
    const stored = row.scanId === null ? null : await spool.scan(row.scanId);
    if (stored === null) return [];
    const { data: hit } = JSON.parse(row.event) as { data: HitData };
    const { scan } = stored;
    const { bytes } = this.#report(hit, scan);
    if (hit.tdr !== null && digestOf(bytes) !== hit.tdr.sha256) {
      log.warn(
        { scanId: scan.scanId, revision: hit.revision },
        "the scan changed since its hit; the report follows the scan",
      );
    }
    const order = String(row.sequence).padStart(12, "0");
    const name = `${scan.scanId}-r${hit.revision}`;
    const wanted = images && (hit.revision === 1 || hit.cause === "replaced-scan");
    const contents = wanted ? await this.#images(scan) : [];
    return [
      ...contents.map((content, index) => ({ order, name: `${name}-0image${index}.dcs`, content })),
      { order, name: `${name}-1tdr.dcs`, content: { bytes } },
    ];
  }

  async #images(scan: Scan): Promise<readonly OutgoingFile["content"][]> {
    try {
      const images = await imagesOf(scan, this.#options);
      return images.map(({ content }) => content);
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
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

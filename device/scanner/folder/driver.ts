import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { ObjectInfo } from "../../../protocols/dicom/object.ts";
import { isLynceusError, type LynceusError } from "../../../protocols/errors.ts";
import { backoffMs, pause } from "../../backoff.ts";
import { JOIN_MS } from "../../config/dicom.ts";
import type { DicomFile } from "../../image/dicom/scan.ts";
import { IMAGE_LIMITS } from "../../image/limits.ts";
import { groupImages, type ImageInput, isImageName } from "../../image/naming.ts";
import { Listeners } from "../../listeners.ts";
import type { Log } from "../../log.ts";
import type { Capture, ScanKey } from "../../scan.ts";
import type { ScanStore } from "../../spool/port.ts";
import { unreadable } from "../dicom/events.ts";
import { ObjectWorker } from "../dicom/object-worker.ts";
import { readReport, reportEvent } from "../dicom/report.ts";
import type { ScannerDriver, ScannerEvent, ScannerMachine, ScannerState } from "../port.ts";
import { DicomSets, type DicomSetTimings, isDicomName } from "./dicom-sets.ts";
import { fileAway, leaveReason } from "./filing.ts";
import { QuietFiles, type Sighting } from "./quiet.ts";
import { dicomReady, imageReady, type Ready } from "./ready.ts";

/** Times of the folder driver, ms. Tests shorten them. */
export interface FolderTimings extends DicomSetTimings {
  /** Between two looks at the folder: it may be a network share, which tells of no changes. */
  readonly pollMs: number;
  /** Without a change for so long a file is whole. */
  readonly quietMs: number;
  /** Half of a pair waits so long for the other half. */
  readonly pairMs: number;
  /** After a refusal or a full spool. */
  readonly retryMs: number;
  /** One plane of a DICOM object is decoded by then. */
  readonly decodeMs: number;
}

export const FOLDER_TIMINGS: FolderTimings = {
  pollMs: 250,
  quietMs: 2_000,
  pairMs: 30_000,
  joinMs: JOIN_MS,
  lateMs: 600_000,
  retryMs: 5_000,
  decodeMs: 120_000,
};

export interface FolderOptions {
  readonly lane: string;
  /** The folder watched; images in its subfolders are left alone. */
  readonly path: string;
  readonly store: ScanStore;
  /** Bytes of image data a scan may have. */
  readonly maxScanBytes: number;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
  readonly timings?: Partial<FolderTimings>;
}

/** Longest wait after refusals, in `retryMs`. */
const MAX_RETRY_FACTOR = 12;

/** Faults of the file itself: trying again changes nothing. */
const BAD_IMAGE = [
  "LYN_IMAGE_FORMAT",
  "LYN_IMAGE_PAIR",
  "LYN_IMAGE_SIDECAR",
  "LYN_IMAGE_SIZE",
  "LYN_IMAGE_UNREADABLE",
  "LYN_SCAN_TOO_LARGE",
] as const;

/** Watches a folder for images; see {@link FolderDriver}. */
export function createFolderDriver(options: FolderOptions): ScannerDriver {
  return new FolderDriver(options);
}

/**
 * The scanner driver `folder`: images and dual-energy pairs by name, and DICOM objects joined by their Scan Instance UID, taken
 * once whole. What is durable in the spool is moved
 * to `done/`, what cannot be read to `failed/` with its reason, so that the folder shows what is still to do. The key of a
 * scan is (`folder:LANE`, file name, modification time): a file that was stored before a crash but not yet moved is not
 * taken twice. On a share that cannot be written the files stay and the spool alone remembers them.
 */
class FolderDriver implements ScannerDriver {
  readonly #options: FolderOptions;
  readonly #timings: FolderTimings;
  readonly #quiet: QuietFiles;
  readonly #worker: ObjectWorker;
  readonly #dicom: DicomSets;
  readonly #stopped = new AbortController();
  readonly #states = new Listeners<ScannerState>();
  readonly #events = new Listeners<ScannerEvent>();
  readonly #starts = new Listeners<number>();
  /** What was dealt with and could not be moved. */
  readonly #settled = new Set<string>();
  readonly #firstSeen = new Map<string, number>();
  readonly #handedOn = new Map<string, Ready>();
  #refusals = 0;
  #machine: ScannerMachine | null = null;
  #state: ScannerState;

  constructor(options: FolderOptions) {
    this.#options = options;
    this.#timings = { ...FOLDER_TIMINGS, ...options.timings };
    this.#quiet = new QuietFiles({ quietMs: this.#timings.quietMs });
    this.#worker = new ObjectWorker({ timeoutMs: this.#timings.decodeMs });
    this.#dicom = new DicomSets({ worker: this.#worker, timings: this.#timings });
    this.#state = { state: "absent", code: null, since: options.clock() };
  }

  get state(): ScannerState {
    return this.#state;
  }

  get machine(): ScannerMachine | null {
    return this.#machine;
  }

  onState(listener: (state: ScannerState) => void): () => void {
    return this.#states.add(listener);
  }

  onEvent(listener: (event: ScannerEvent) => void): () => void {
    return this.#events.add(listener);
  }

  onScanStart(listener: (at: number) => void): () => void {
    return this.#starts.add(listener);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#worker.stop();
  }

  /** Files have no machine that waits for an answer. */
  async result(): Promise<void> {}

  async *captures(): AsyncIterable<Capture> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const ready = await this.#look();
      for (const item of ready) {
        if (signal.aborted) return;
        if (!this.#admitted()) break;
        const capture = await this.#take(item);
        if (!capture) continue;
        this.#handedOn.set(capture.scanId, item);
        yield capture;
        this.#setState("idle", null);
      }
      await pause(this.#state.state === "paused" ? this.#timings.retryMs : this.#timings.pollMs, signal);
    }
  }

  async acknowledge(capture: Capture): Promise<void> {
    const item = this.#handedOn.get(capture.scanId);
    this.#handedOn.delete(capture.scanId);
    this.#refusals = 0;
    if (item?.incomplete) this.#dicom.hold(item.incomplete, this.#options.clock());
    else if (item) await this.#file(item, "done");
  }

  /** The file stays where it is and is taken again, ever more rarely while the spool refuses. */
  async refuse(capture: Capture, code: string, message: string): Promise<void> {
    this.#handedOn.delete(capture.scanId);
    this.#setState("paused", code);
    this.#options.log.warn(
      { scanRef: capture.key.scanRef, code, message },
      "image refused, kept in the folder",
    );
    const limits = { baseMs: this.#timings.retryMs, maxMs: MAX_RETRY_FACTOR * this.#timings.retryMs };
    const wait = backoffMs(this.#refusals++, limits, () => 1);
    await pause(wait, this.#stopped.signal);
  }

  /** One look at the folder: the images that are whole and not dealt with, in the order of their names. */
  async #look(): Promise<readonly Ready[]> {
    const { path, clock } = this.#options;
    let sightings: ReadonlyMap<string, Sighting>;
    try {
      sightings = await listing(path);
    } catch (error) {
      this.#setState("absent", (error as NodeJS.ErrnoException).code ?? "FOLDER");
      return [];
    }
    if (this.#state.state === "absent") this.#setState("idle", null);
    const now = clock();
    const whole = this.#quiet.look([...sightings.values()], now);
    for (const name of this.#firstSeen.keys()) if (!sightings.has(name)) this.#firstSeen.delete(name);
    const names = [...sightings.keys()].filter(isImageName);
    for (const name of names) if (!this.#firstSeen.has(name)) this.#firstSeen.set(name, now);
    const images = names.filter((name) => !isDicomName(name));
    const ready = [
      ...groupImages(path, images).flatMap((input) => this.#image(input, sightings, whole, now) ?? []),
      ...(await this.#objects(sightings, whole, now)),
    ];
    return ready.filter((item) => !this.#settled.has(item.id) && !this.#isHandedOn(item));
  }

  #image(
    input: ImageInput,
    sightings: ReadonlyMap<string, Sighting>,
    whole: ReadonlySet<string>,
    now: number,
  ): Ready | null {
    const present = [...input.files].filter((file): file is string => file !== null);
    const names = present.map((file) => basename(file));
    if (!names.every((name) => whole.has(name))) return null;
    const seenAt = Math.min(...names.map((name) => this.#firstSeen.get(name) ?? now));
    if (present.length < input.files.length && now - seenAt < this.#timings.pairMs) return null;
    const modifiedAt = Math.max(...names.map((name) => sightings.get(name)?.modifiedAt ?? now));
    const key = this.#keyOf(input, present[0] ?? input.name, modifiedAt);
    return imageReady({ input, paths: [...present, input.sidecar], key, seenAt }, this.#options);
  }

  /** Sets of DICOM objects; reports are told of, and what is no DICOM object goes aside. */
  async #objects(
    sightings: ReadonlyMap<string, Sighting>,
    whole: ReadonlySet<string>,
    now: number,
  ): Promise<readonly Ready[]> {
    const { sets, over, reports, bad } = await this.#dicom.look(this.#options.path, sightings, whole, now);
    for (const { path, error } of bad) await this.#once(path, () => this.#fail([path], path, error));
    for (const { path, info } of reports) await this.#once(path, () => this.#report(path, info));
    for (const { members } of over)
      await this.#fileAll(
        members.map(({ path }) => path),
        "done",
        [],
      );
    const onUnreadable = ({ path, info }: DicomFile, error: LynceusError) =>
      this.#events.tell(unreadable({ path, info }, error));
    return sets.map((set) => dicomReady(set, { ...this.#options, worker: this.#worker, onUnreadable }));
  }

  async #report(path: string, info: ObjectInfo): Promise<void> {
    try {
      this.#events.tell(reportEvent(info, await readReport(path, this.#worker)));
      await this.#fileAll([path], "done", [path]);
    } catch (error) {
      if (!isLynceusError(error)) throw error;
      await this.#fail([path], path, error);
    }
  }

  /** Deals with a file once, be it that it cannot be moved. */
  async #once(path: string, deal: () => Promise<void>): Promise<void> {
    if (!this.#settled.has(path)) await deal();
  }

  #keyOf(input: ImageInput, first: string, modifiedAt: number): ScanKey {
    return {
      serial: `folder:${this.#options.lane}`,
      scanRef: `${input.name}${extname(first)}`,
      startedAt: new Date(modifiedAt).toISOString(),
    };
  }

  #isHandedOn({ scan }: Ready): boolean {
    return [...this.#handedOn.values()].some((other) => other.scan === scan);
  }

  #admitted(): boolean {
    const admission = this.#options.store.admission(this.#options.lane);
    if (admission.ok) return true;
    if (this.#state.state !== "paused") this.#options.log.warn(admission, "images wait in the folder");
    this.#setState("paused", admission.code);
    return false;
  }

  async #take(item: Ready): Promise<Capture | null> {
    const key = await item.key();
    if (key === "known" && item.incomplete) this.#dicom.hold(item.incomplete, this.#options.clock());
    if (key === "stored") await this.#file(item, "done");
    if (typeof key === "string") return null;
    if (item.machine !== null) this.#machine = item.machine;
    this.#setState("scanning", null);
    this.#starts.tell(item.seenAt);
    try {
      return await item.capture(key);
    } catch (error) {
      this.#setState("idle", null);
      if (isLynceusError(error, "LYN_PATH_MISSING")) return null;
      if (isLynceusError(error, ...BAD_IMAGE)) await this.#fail(item.paths, item.id, error, key.scanRef);
      else {
        this.#options.log.error({ err: error, scanRef: key.scanRef }, "image not stored; it is tried again");
        await pause(this.#timings.retryMs, this.#stopped.signal);
      }
      return null;
    }
  }

  async #fail(
    paths: readonly string[],
    id: string,
    error: LynceusError,
    scanRef = basename(id),
  ): Promise<void> {
    const [first] = paths;
    await this.#fileAll(paths, "failed", [id]);
    if (first) await leaveReason(first, `${error.code}: ${error.message}\n${error.remedy}`);
    const event: ScannerEvent = {
      code: "IMAGE_UNREADABLE",
      severity: "warning",
      message: error.message,
      remedy: error.remedy,
      details: { ...error.details, code: error.code, scanRef },
    };
    this.#events.tell(event);
  }

  #file(item: Ready, into: "done" | "failed"): Promise<void> {
    return this.#fileAll(item.paths, into, [item.id]);
  }

  async #fileAll(
    paths: readonly string[],
    into: "done" | "failed",
    settled: readonly string[],
  ): Promise<void> {
    if (await fileAway(paths, into)) return;
    if (this.#settled.size >= IMAGE_LIMITS.maxFolderEntries) this.#settled.clear();
    for (const id of settled) this.#settled.add(id);
  }

  #setState(state: ScannerState["state"], code: string | null): void {
    if (this.#state.state === state && this.#state.code === code) return;
    this.#state = { state, code, since: this.#options.clock() };
    this.#states.tell(this.#state);
  }
}

/** Every file of the folder with its size and times; throws what the system says of the folder. */
async function listing(path: string): Promise<ReadonlyMap<string, Sighting>> {
  const entries = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isFile());
  const names = entries.map((entry) => entry.name).slice(0, IMAGE_LIMITS.maxFolderEntries);
  const sightings = new Map<string, Sighting>();
  for (const name of names) {
    const info = await stat(join(path, name)).catch(() => null);
    if (info) sightings.set(name, { name, inode: info.ino, size: info.size, modifiedAt: info.mtimeMs });
  }
  return sightings;
}

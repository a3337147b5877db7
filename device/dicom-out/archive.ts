import { createReadStream } from "node:fs";
import { STATUS } from "../../protocols/dicom/net/command.ts";
import { type Answer, Requestor } from "../../protocols/dicom/net/requestor.ts";
import { SOP_CLASS } from "../../protocols/dicom/uids.ts";
import { isLynceusError } from "../../protocols/errors.ts";
import { backoffMs, pause } from "../backoff.ts";
import { IMPLEMENTATION } from "../dicom-net/implementation.ts";
import { type DicomObject, openObject } from "../image/dicom/scan.ts";
import type { Log } from "../log.ts";
import { type Committable, requestCommitment } from "./commitment.ts";
import { type OpenLink, openLink, type PeerAddress } from "./link.ts";
import type { FolderQueue } from "./queue.ts";

/** One archive that objects are sent to. */
export interface ArchiveOptions {
  readonly id: string;
  readonly address: PeerAddress;
  readonly called: string;
  readonly calling: string;
  readonly applicationContext?: string;
  /** Sent objects are kept until the archive has committed to them. */
  readonly commitment: boolean;
  readonly queue: FolderQueue;
  readonly log: Log;
  readonly alert: (alert: {
    code: string;
    severity: "warning";
    message: string;
    remedy: string;
    details: Record<string, unknown>;
  }) => void;
  readonly timings?: Partial<ArchiveTimings>;
}

export interface ArchiveTimings {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly idleMs: number;
  /** A commitment that has not come by then is asked for again. */
  readonly commitMs: number;
  /** An association is held open so long for the commitment's result; 0 where a listener takes it. */
  readonly lingerMs: number;
}

export const ARCHIVE_TIMINGS: ArchiveTimings = {
  baseMs: 1_000,
  maxMs: 300_000,
  idleMs: 30_000,
  commitMs: 600_000,
  lingerMs: 5_000,
};

/** How an archive stands, for logs and figures. */
export interface ArchiveState {
  readonly state: "idle" | "sending" | "unreachable";
  readonly sent: number;
  readonly failed: number;
  readonly code: string | null;
}

/** Objects of one association. */
const BATCH = 64;
/** After so many tries in vain it is said once. */
const SAY_AFTER = 3;

/**
 * Sends what waits for one archive, oldest first, for ever: an archive that is gone is a state. What it refuses for good is put
 * aside and told of; everything else is tried again with jittered back-off.
 */
export class Archive {
  readonly #options: ArchiveOptions;
  readonly #timings: ArchiveTimings;
  readonly #stopped = new AbortController();
  /** Sent and asked for, by SOP instance. */
  readonly #awaited = new Map<string, { path: string; askedAt: number }>();
  #wake: () => void = () => undefined;
  #running: Promise<void> | null = null;
  #state: ArchiveState = { state: "idle", sent: 0, failed: 0, code: null };

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#timings = { ...ARCHIVE_TIMINGS, ...options.timings };
  }

  get id(): string {
    return this.#options.id;
  }

  get state(): ArchiveState {
    return this.#state;
  }

  get queue(): FolderQueue {
    return this.#options.queue;
  }

  async start(): Promise<void> {
    await this.#options.queue.start();
    // What was sent before a stop and not committed to is sent again: the archive knows it by its instance.
    for (const path of await this.#options.queue.list("committing"))
      await this.#options.queue.move(path, "waiting");
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake();
    await this.#running;
  }

  /** Something was queued. */
  wake(): void {
    this.#wake();
  }

  /** The archive's word on instances, whichever way it came. */
  async committed(good: readonly string[], bad: readonly string[]): Promise<void> {
    const { queue, log } = this.#options;
    for (const instance of good) {
      const awaited = this.#awaited.get(instance);
      this.#awaited.delete(instance);
      if (awaited !== undefined) await queue.done(awaited.path);
    }
    for (const instance of bad) {
      const awaited = this.#awaited.get(instance);
      this.#awaited.delete(instance);
      if (awaited !== undefined) await queue.move(awaited.path, "waiting").catch(() => undefined);
    }
    if (bad.length > 0)
      log.warn({ archive: this.id, instances: bad.length }, "the archive did not commit; sent again");
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let failures = 0;
    while (!signal.aborted) {
      const waiting = await this.#next();
      if (signal.aborted) return;
      if (waiting.length === 0) {
        await this.#untilWoken();
        continue;
      }
      try {
        await this.#send(waiting);
        failures = 0;
        this.#state = { ...this.#state, state: "idle", code: null };
      } catch (error) {
        failures += 1;
        this.#unreachable(error, failures);
        await pause(backoffMs(failures, this.#timings, Math.random), signal);
      }
    }
  }

  async #next(): Promise<readonly string[]> {
    const { queue } = this.#options;
    const late = [...this.#awaited].filter(
      ([, { askedAt }]) => Date.now() - askedAt > this.#timings.commitMs,
    );
    if (late.length > 0)
      await this.committed(
        [],
        late.map(([instance]) => instance),
      );
    return (await queue.list("waiting")).slice(0, BATCH);
  }

  async #send(paths: readonly string[]): Promise<void> {
    const { address, called, calling, applicationContext, commitment } = this.#options;
    const objects = await this.#openAll(paths);
    if (objects.length === 0) return;
    this.#state = { ...this.#state, state: "sending" };
    const link = await openLink(address, this.#timings.idleMs, this.#stopped.signal);
    try {
      const requestor = new Requestor({
        link,
        called,
        calling,
        contexts: contextsOf(objects, commitment),
        ...(applicationContext === undefined ? {} : { applicationContext }),
        ...IMPLEMENTATION,
        onEvent: (_type, dataset) =>
          void this.#onEvent(dataset).catch((err: unknown) =>
            this.#options.log.warn({ err, archive: this.id }, "a commitment report could not be read"),
          ),
      });
      await requestor.associate();
      const sent: Committable[] = [];
      for (const object of objects)
        if (await this.#sendOne(requestor, object)) sent.push(committable(object));
      const open = !commitment || sent.length === 0 || (await this.#commit(requestor, sent, link));
      if (open) await requestor.release();
    } finally {
      link.close();
    }
  }

  async #openAll(paths: readonly string[]): Promise<readonly DicomObject[]> {
    const { queue, log } = this.#options;
    const objects: DicomObject[] = [];
    for (const path of paths) {
      try {
        objects.push(await openObject(path));
      } catch (error) {
        log.error({ err: error, path }, "a queued object cannot be read; it is put aside");
        await queue.move(path, "failed");
      }
    }
    return objects;
  }

  /** Whether the archive took it. */
  async #sendOne(requestor: Requestor, object: DicomObject): Promise<boolean> {
    const { queue, commitment } = this.#options;
    const { info, path } = object;
    const { sopClass, sopInstance, transferSyntax } = info;
    if (!requestor.accepts(sopClass, transferSyntax)) {
      await this.#putAside(object, {
        status: STATUS.sopClassUnsupported,
        comment: "not accepted by the archive",
      });
      return false;
    }
    const dataset = createReadStream(path, { start: await datasetOffset(object) });
    const answer = await requestor.store({ sopClass, sopInstance, transferSyntax, dataset });
    if (isTaken(answer.status)) {
      if (commitment) {
        await queue.move(path, "committing");
        this.#awaited.set(sopInstance, {
          path: path.replace("/waiting/", "/committing/"),
          askedAt: Date.now(),
        });
      } else await queue.done(path);
      this.#state = { ...this.#state, sent: this.#state.sent + 1 };
      return true;
    }
    if (isFinal(answer.status)) await this.#putAside(object, answer);
    else throw new Error(`the archive answered 0x${answer.status.toString(16)}`);
    return false;
  }

  /** Whether the association is still open afterwards. */
  async #commit(requestor: Requestor, sent: readonly Committable[], link: OpenLink): Promise<boolean> {
    const answer = await requestCommitment(requestor, sent);
    if (answer === null || answer.status !== STATUS.success) {
      const status = answer?.status ?? null;
      this.#options.log.warn({ archive: this.id, status }, "the archive takes no requests for commitment");
      const taken = sent.map(({ sopInstance }) => sopInstance);
      await this.committed(taken, []);
      return true;
    }
    const { lingerMs } = this.#timings;
    if (lingerMs === 0) return true;
    // Without a listener of ours the archive can report on this association only.
    const over = setTimeout(() => link.close(), lingerMs);
    try {
      while (sent.some(({ sopInstance }) => this.#awaited.has(sopInstance))) {
        await requestor.serveEvent();
        await new Promise((resolve) => setImmediate(resolve));
      }
      return true;
    } catch {
      return false; // the wait is over: it is asked for again later
    } finally {
      clearTimeout(over);
    }
  }

  async #onEvent(dataset: Uint8Array): Promise<void> {
    const { readCommitment } = await import("./commitment.ts");
    const { good, bad } = readCommitment(dataset);
    await this.committed(good, bad);
  }

  async #putAside({ info, path }: DicomObject, { status, comment }: Answer): Promise<void> {
    await this.#options.queue.move(path, "failed");
    this.#state = { ...this.#state, failed: this.#state.failed + 1 };
    this.#options.alert({
      code: "ARCHIVE_REFUSES",
      severity: "warning",
      message: `Archive ${this.id} refused an object for good, status 0x${status.toString(16)}`,
      remedy: "Look at the archive's log; the object is kept under failed in the gateway's queue.",
      details: { archive: this.id, status, comment, sopInstanceUid: info.sopInstance },
    });
  }

  #unreachable(error: unknown, failures: number): void {
    if (this.#stopped.signal.aborted) return;
    const code = isLynceusError(error) ? error.code : "LINK";
    this.#state = { ...this.#state, state: "unreachable", code };
    this.#options.log.warn(
      { err: error, archive: this.id, failures },
      "objects could not be sent; tried again",
    );
    if (failures !== SAY_AFTER) return;
    this.#options.alert({
      code: "ARCHIVE_UNREACHABLE",
      severity: "warning",
      message: `Archive ${this.id} takes no objects: ${(error as Error).message}`,
      remedy: "Nothing is lost: they wait on the gateway. Check the archive and the network.",
      details: { archive: this.id, code },
    });
  }

  async #untilWoken(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const over = new AbortController();
    const wait = Math.min(
      this.#timings.maxMs,
      this.#awaited.size > 0 ? this.#timings.commitMs : this.#timings.maxMs,
    );
    await Promise.race([woken, pause(wait, AbortSignal.any([this.#stopped.signal, over.signal]))]);
    over.abort();
  }
}

function contextsOf(objects: readonly DicomObject[], commitment: boolean) {
  const pairs = new Map(
    objects.map(({ info }) => [
      `${info.sopClass} ${info.transferSyntax}`,
      { abstractSyntax: info.sopClass, transferSyntaxes: [info.transferSyntax] },
    ]),
  );
  const storage = {
    abstractSyntax: SOP_CLASS.storageCommitment,
    transferSyntaxes: ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"],
  };
  return commitment ? [...pairs.values(), storage] : [...pairs.values()];
}

function committable({ info }: DicomObject): Committable {
  return { sopClass: info.sopClass, sopInstance: info.sopInstance };
}

/** Success, the warnings of PS3.4 annex B, and a duplicate: the archive has it. */
function isTaken(status: number): boolean {
  return status === STATUS.success || status >> 12 === 0xb || status === STATUS.duplicateInstance;
}

/** Refused for what the object is: sending it again changes nothing. */
function isFinal(status: number): boolean {
  if (status >> 8 === 0xa7 || status === STATUS.processingFailure || status === STATUS.notAuthorised)
    return false;
  return true;
}

/** Where the data set begins: behind the file meta information, whose length is its first element. */
async function datasetOffset({ head }: DicomObject): Promise<number> {
  const { encodeDataSet } = await import("../../protocols/dicom/writer.ts");
  return 132 + encodeDataSet(head.meta, { explicit: true }).length;
}

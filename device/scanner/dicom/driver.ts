import { rm } from "node:fs/promises";
import { STATUS } from "../../../protocols/dicom/net/command.ts";
import { isLynceusError, type LynceusError } from "../../../protocols/errors.ts";
import { backoffMs, pause } from "../../backoff.ts";
import { Acceptor } from "../../dicom-net/acceptor.ts";
import type { Answered, StoreSink } from "../../dicom-net/association.ts";
import type { DicomFile } from "../../image/dicom/scan.ts";
import { Listeners } from "../../listeners.ts";
import type { Capture } from "../../scan.ts";
import { addressFilter } from "../../transport/addresses.ts";
import type { ScannerDriver, ScannerEvent, ScannerMachine, ScannerState } from "../port.ts";
import { captureOf, freshKeyOf, machineOf } from "./capture.ts";
import { notAllowed, tooLarge, unreadable } from "./events.ts";
import { storageHandler } from "./handler.ts";
import { Inbox, type Kept } from "./inbox.ts";
import { type Inspected, inspectFile } from "./inspect.ts";
import { type JoinedSet, Joiner } from "./joiner.ts";
import { ObjectWorker } from "./object-worker.ts";
import { DICOM_DRIVER_LIMITS, DICOM_TIMINGS, type DicomDriverOptions, type DicomTimings } from "./options.ts";
import { type Announced, ObjectReceiver } from "./receiver.ts";
import { readReport, reportEvent } from "./report.ts";

/** Longest wait after refusals, in `retryMs`. */
const MAX_RETRY_FACTOR = 12;

/** Listens for a scanner that sends DICOS or DICOM objects; see {@link DicomDriver}. */
export function createDicomDriver(options: DicomDriverOptions): DicomDriver {
  return new DicomDriver(options);
}

/**
 * The scanner driver `dicom`: a C-STORE SCP. An object is answered Success when it is durable in the lane's inbox; the objects
 * of one Scan Instance UID become one scan, and leave the inbox when that is durable. A restart goes on with what the inbox
 * holds. Reports of the machine are kept and told of.
 */
export class DicomDriver implements ScannerDriver {
  readonly #options: DicomDriverOptions;
  readonly #timings: DicomTimings;
  readonly #inbox: Inbox;
  readonly #joiner: Joiner;
  readonly #decoder: ObjectWorker;
  /** For long heads, so that an answer to a peer never waits for pixels. */
  readonly #reader: ObjectWorker;
  readonly #acceptor: Acceptor;
  readonly #stopped = new AbortController();
  readonly #states = new Listeners<ScannerState>();
  readonly #events = new Listeners<ScannerEvent>();
  readonly #starts = new Listeners<number>();
  readonly #handedOn = new Map<string, JoinedSet>();
  /** First bytes of scans not yet captured, by Scan Instance UID. */
  readonly #began = new Set<string>();
  #wake: () => void = () => undefined;
  /** Something came while nobody waited. */
  #fresh = false;
  #refusals = 0;
  #machine: ScannerMachine | null = null;
  #state: ScannerState;

  constructor(options: DicomDriverOptions) {
    this.#options = options;
    this.#timings = { ...DICOM_TIMINGS, ...options.timings };
    this.#inbox = new Inbox({ folder: options.inbox, clock: options.clock });
    this.#joiner = new Joiner(this.#timings);
    this.#decoder = new ObjectWorker({ timeoutMs: this.#timings.decodeMs });
    this.#reader = new ObjectWorker({ timeoutMs: this.#timings.decodeMs });
    this.#state = { state: "absent", code: null, since: options.clock() };
    const { host, port, tls, from, log } = options;
    this.#acceptor = new Acceptor({
      host,
      port,
      ...(tls === undefined ? {} : { tls }),
      from: addressFilter(from),
      maxAssociations: DICOM_DRIVER_LIMITS.maxAssociations,
      idleMs: this.#timings.idleMs,
      requestMs: this.#timings.requestMs,
      handler: () => this.#handler(),
      log,
      onCount: (open) => this.#counted(open),
    });
  }

  get state(): ScannerState {
    return this.#state;
  }

  get machine(): ScannerMachine | null {
    return this.#machine;
  }

  /** The port that it listens on; 0 before `start`. */
  get port(): number {
    return this.#acceptor.address?.port ?? 0;
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

  /** An address that cannot be listened on is a state: it is tried again. */
  async start(): Promise<void> {
    const { clock } = this.#options;
    await this.#inbox.start();
    for (const kept of await this.#inbox.objects()) await this.#recover(kept, clock());
    void this.#listen();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake();
    await this.#acceptor.stop();
    await this.#decoder.stop();
    await this.#reader.stop();
  }

  async *captures(): AsyncIterable<Capture> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const now = this.#options.clock();
      this.#followAdmission();
      for (const set of this.#joiner.expire(now)) await this.#release(set);
      for (const set of this.#joiner.take(now)) {
        const capture = signal.aborted ? null : await this.#capture(set);
        if (capture === null) continue;
        this.#handedOn.set(capture.scanId, set);
        this.#named(machineOf(set));
        yield capture;
      }
      await this.#untilNext();
    }
  }

  async acknowledge(capture: Capture): Promise<void> {
    const set = this.#handedOn.get(capture.scanId);
    this.#handedOn.delete(capture.scanId);
    this.#refusals = 0;
    this.#followAdmission();
    if (set === undefined) return;
    if (set.complete) await this.#release(set);
    else this.#joiner.hold(set, this.#options.clock());
  }

  /** The objects stay in the inbox and are taken again, ever more rarely while the spool refuses. */
  async refuse(capture: Capture, code: string, message: string): Promise<void> {
    const set = this.#handedOn.get(capture.scanId);
    this.#handedOn.delete(capture.scanId);
    const { log, clock } = this.#options;
    log.warn(
      { scanRef: capture.key.scanRef, code, message },
      "a scan was refused; its objects stay in the inbox",
    );
    this.#setState("paused", code);
    const limits = { baseMs: this.#timings.retryMs, maxMs: MAX_RETRY_FACTOR * this.#timings.retryMs };
    await pause(
      backoffMs(this.#refusals++, limits, () => 1),
      this.#stopped.signal,
    );
    if (set !== undefined) this.#joiner.putBack(set, clock() - this.#timings.joinMs);
  }

  /** DIMSE has no word for it; reports go out by their own destinations. */
  async result(): Promise<void> {}

  async #listen(): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#acceptor.start();
        if (signal.aborted) await this.#acceptor.stop();
        else this.#setState("idle", null);
        return;
      } catch (error) {
        this.#options.log.warn({ err: error }, "the lane cannot listen for DICOM; it tries again");
        this.#setState("absent", isLynceusError(error) ? error.code : "LISTEN");
        const limits = { baseMs: 1_000, maxMs: 30_000 };
        await pause(backoffMs(attempt, limits, Math.random), signal);
      }
    }
  }

  #handler() {
    const { maxScanBytes, applicationContexts, aeTitles, aeTitle, checkCalledAeTitle } = this.#options;
    return storageHandler({
      called: checkCalledAeTitle === true ? aeTitle : null,
      applicationContexts: applicationContexts ?? null,
      aeTitles: aeTitles ?? null,
      budget: { left: maxScanBytes * DICOM_DRIVER_LIMITS.associationFactor },
      receive: (announced, budget) => this.#receive(announced, budget),
      onNotAllowed: (peer) => this.#say(notAllowed(peer)),
    });
  }

  async #receive(announced: Announced, budget: { left: number }): Promise<StoreSink | Answered> {
    const { store, lane, maxScanBytes, clock, log } = this.#options;
    const admitted = () => store.admission(lane).ok;
    if (!admitted()) {
      const admission = store.admission(lane);
      if (!admission.ok) this.#setState("paused", admission.code);
      return { status: STATUS.outOfResources, comment: "the gateway takes no scan now" };
    }
    const beganAt = clock();
    this.#setState("scanning", null);
    return ObjectReceiver.open({
      announced,
      inbox: this.#inbox,
      maxBytes: maxScanBytes,
      budget,
      log,
      admitted,
      inspect: (path) => this.#inspect(path),
      onObject: (info, kept) => this.#take(info, kept, beganAt),
      onTooLarge: (bytes) => this.#say(tooLarge(announced, bytes, maxScanBytes)),
    });
  }

  #inspect(path: string): Promise<Inspected> {
    return inspectFile(path, this.#reader);
  }

  async #takeReport(info: Inspected["info"], { path }: Kept): Promise<void> {
    this.#say(reportEvent(info, await readReport(path, this.#reader)));
    await this.#inbox.trimReports();
  }

  async #take(info: Inspected["info"], kept: Kept, beganAt: number): Promise<void> {
    if (info.kind === "tdr") return this.#takeReport(info, kept);
    const { scanUid } = info;
    if (!this.#began.has(scanUid)) {
      this.#began.add(scanUid);
      this.#starts.tell(beganAt);
    }
    this.#joiner.add({ path: kept.path, info, kept }, beganAt, this.#options.clock());
    this.#fresh = true;
    this.#wake();
  }

  async #recover(kept: Kept, now: number): Promise<void> {
    try {
      const { info } = await this.#inspect(kept.path);
      this.#joiner.add({ path: kept.path, info, kept }, now, now);
    } catch (error) {
      this.#options.log.error(
        { err: error, path: kept.path },
        "a kept object cannot be read; it is left where it is",
      );
    }
  }

  async #capture(set: JoinedSet): Promise<Capture | null> {
    const { store, lane, maxScanBytes, clock, log } = this.#options;
    this.#began.delete(set.scanUid);
    const key = await freshKeyOf(set, lane, store);
    if (key === null) {
      await this.#release(set);
      return null;
    }
    try {
      const onUnreadable = (member: DicomFile, error: LynceusError) => this.#say(unreadable(member, error));
      const decoder = this.#decoder;
      return await captureOf({ set, key, lane, store, decoder, maxScanBytes, onUnreadable });
    } catch (error) {
      log.error({ err: error, scanRef: set.scanUid }, "a scan could not be written; it is tried again");
      await pause(this.#timings.retryMs, this.#stopped.signal);
      this.#joiner.putBack(set, clock() - this.#timings.joinMs);
      return null;
    }
  }

  async #release({ members }: JoinedSet): Promise<void> {
    for (const { path } of members) await rm(path, { force: true });
  }

  async #untilNext(): Promise<void> {
    if (this.#fresh) {
      this.#fresh = false;
      return;
    }
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const over = new AbortController();
    const wait = Math.min(
      this.#timings.joinMs,
      Math.max(1, (this.#joiner.nextAt ?? Infinity) - this.#options.clock()),
    );
    await Promise.race([woken, pause(wait, AbortSignal.any([this.#stopped.signal, over.signal]))]);
    over.abort();
  }

  /** A lane that is paused says so whether or not somebody sends, and so does one that has room again. */
  #followAdmission(): void {
    const { state } = this.#state;
    const admission = this.#options.store.admission(this.#options.lane);
    if (admission.ok && state === "paused") this.#setState("idle", null);
    if (!admission.ok && state === "idle") this.#setState("paused", admission.code);
  }

  /** Objects say who made them; told when that is another one than before. */
  #named(machine: ScannerMachine | null): void {
    if (JSON.stringify(machine) === JSON.stringify(this.#machine)) return;
    this.#machine = machine;
    this.#states.tell(this.#state);
  }

  #counted(open: number): void {
    if (open === 0 && this.#state.state === "scanning") this.#setState("idle", null);
  }

  #setState(state: ScannerState["state"], code: string | null): void {
    if (this.#state.state === state && this.#state.code === code) return;
    this.#state = { state, code, since: this.#options.clock() };
    this.#states.tell(this.#state);
  }

  #say(event: ScannerEvent): void {
    this.#events.tell(event);
  }
}

import { randomBytes, randomUUID } from "node:crypto";
import { LynceusError } from "../../protocols/errors.ts";
import { type Retention, USUAL_RETENTION } from "../declarations/retention.ts";
import { PlaneVault } from "../keys/plane-vault.ts";
import { type SigningKey, signingKeyOf } from "../keys/signing-key.ts";
import type { Log } from "../log.ts";
import type { Capture, Scan, ScanKey } from "../scan.ts";
import { Announcements } from "./announcements.ts";
import { DeclarationCalls, keysOf } from "./declaration-calls.ts";
import { Fresh } from "./fresh.ts";
import { LADDER } from "./ladder.ts";
import type { OperationArguments } from "./operations/index.ts";
import { PlaneScrub } from "./plane-scrub.ts";
import { PlaneStore } from "./plane-store.ts";
import type * as port from "./port.ts";
import { Room } from "./room.ts";
import { Scrub } from "./scrub.ts";
import { Upkeep } from "./upkeep.ts";

/** Space held back for work on a full disk, bytes, twice: once for an almost full one. */
const BALLAST_BYTES = 16 << 20;

export interface SpoolOptions {
  readonly path: string;
  /** No scan is admitted with less free space than this, bytes. */
  readonly minFreeBytes: number;
  /** Bytes that image planes may take. */
  readonly maxBytes: number;
  /** How long a delivered row keeps its data, ms. */
  readonly keepPublishedMs: number;
  /** How long delivered images are kept at most, ms of running time; absent: as long as there is room. */
  readonly keepImagesMs?: number | undefined;
  readonly site: string;
  readonly gateway: string;
  /** ms since the epoch. */
  readonly clock: () => number;
  /** How long the gateway has run in all its starts, ms: what is kept for a while is kept for so much of it. Absent: `clock`. */
  readonly life?: () => number;
  /** A time that is no later than the true one, ms since the epoch: nothing expires by any other. Absent: `clock`. */
  readonly proven?: () => number;
  readonly random?: (bytes: number) => Uint8Array;
  readonly log: Log;
  /** The disk failed or the journal's worker died: the gateway must end and start anew. Called once. */
  readonly onFatal?: (error: LynceusError) => void;
  readonly ballastBytes?: number;
  /** A journal up to this size is read from end to end before it is used, a larger one beside the work; absent: 256 MiB. */
  readonly checkedBytes?: number;
  /** How long after the start that is, and stored planes begin to be read again, ms. */
  readonly delayMs?: number;
  /** What is read again of stored planes in a second; absent: 2 MB. */
  readonly bytesASecond?: number;
  /** How long declarations are kept at most; absent: as long as they say themselves. */
  readonly retention?: Retention;
  /** Signs each row of the journal: an Ed25519 private key in PEM, or where one is. */
  readonly signingKey?: Uint8Array | SigningKey | undefined;
  /** Seals the keys of planes; absent: planes are not encrypted. */
  readonly vault?: PlaneVault | undefined;
}

/** The spool on disk. Nothing is opened before `start()`. */
export function createSpool(options: SpoolOptions): port.Spool {
  return new DiskSpool(options);
}

class DiskSpool extends DeclarationCalls implements port.Spool {
  readonly bootId = randomUUID();
  readonly #options: SpoolOptions;
  readonly #planes: PlaneStore;
  readonly #vault: PlaneVault;
  readonly #room: Room;
  readonly #upkeep: Upkeep;
  readonly #scrub: Scrub;
  readonly #planeScrub: PlaneScrub;
  readonly #fresh = new Fresh({ now: () => performance.now() });
  readonly #told = new Announcements();
  #journal: string | null = null;
  #failure: LynceusError | null = null;

  constructor(options: SpoolOptions) {
    super(options);
    this.#options = options;
    this.#vault = options.vault ?? new PlaneVault([]);
    const newCipher = () => this.#vault.newCipher();
    this.#planes = new PlaneStore({ ...options, newCipher, random: options.random ?? randomBytes });
    this.#room = new Room({ ballastBytes: BALLAST_BYTES, ...options });
    this.#upkeep = new Upkeep({
      ...options,
      life: () => this.#life(),
      proven: options.proven ?? options.clock,
      client: this.client,
      planes: this.#planes,
      room: this.#room,
      alert: (alert) => this.commitAlert(alert),
    });
    const onDamage = (why: string) => this.client.abandon(damaged(why));
    this.#scrub = new Scrub({ ...options, onDamage });
    this.#planeScrub = new PlaneScrub({
      ...options,
      client: this.client,
      vault: this.#vault,
      room: this.#room,
      busy: () => this.#planes.writing > 0,
      alert: (alert) => this.commitAlert(alert),
    });
  }

  get journal(): string {
    if (this.#journal !== null) return this.#journal;
    throw new LynceusError("LYN_SPOOL_CLOSED", "the spool was never opened", {
      remedy: "Start the spool first.",
    });
  }

  async start(): Promise<void> {
    const { path, site, gateway, clock, ballastBytes = BALLAST_BYTES } = this.#options;
    const ready = await this.client.start({
      path,
      site,
      gateway,
      newJournal: randomUUID(),
      bootId: this.bootId,
      now: clock(),
      ballastBytes,
      checkedBytes: this.#options.checkedBytes,
      retention: this.#options.retention ?? USUAL_RETENTION,
      signingKey: signingKeyOf(this.#options.signingKey),
    });
    this.#journal = ready.journal;
    this.#planes.start();
    await this.#upkeep.start(ready.salvaged);
    this.#scrub.start();
    this.#planeScrub.start();
  }

  async stop(): Promise<void> {
    await this.#scrub.stop();
    await this.#planeScrub.stop();
    await this.#upkeep.stop();
    await this.#planes.stop();
    await this.client.stop();
  }

  admission(_lane: string): port.Admission {
    if (this.#failure !== null) return { ok: false, code: "SPOOL_FULL", message: this.#failure.message };
    const admission = this.#room.admission();
    if (!admission.ok) this.#upkeep.hurry();
    return admission;
  }

  find(lane: string, key: ScanKey): Promise<port.KnownScan | null> {
    return this.client.call("findScan", { lane, key });
  }

  async begin({ maxBytes }: { lane: string; maxBytes: number }): Promise<port.ScanWriter> {
    this.#mustWork();
    return await this.#planes.begin(maxBytes);
  }

  async accept(
    capture: Capture,
    item: Pick<Scan, "lane" | "identifiers" | "measured" | "trackingAmbiguous">,
  ): Promise<port.Accepted> {
    this.#mustWork();
    await this.#planes.sync(capture).catch((error: unknown) => this.#rethrow(error));
    const scan: Scan = { ...capture, ...item, replaces: false };
    const { freed, grown, outcome, ...result } = await this.client.call("acceptScan", {
      scan: this.#vault.seal(scan),
      directory: this.#planes.toRelative(capture.directory),
      bytes: capture.planes.reduce((sum, plane) => sum + plane.bytes, 0),
    });
    this.#room.change(grown);
    if (freed !== null) this.#upkeep.remove([freed]);
    if (this.#room.fill >= LADDER.idle) this.#upkeep.hurry();
    const accepted = outcome === "new" ? result.scan : this.#absolute(result.scan, outcome, capture);
    return { scan: this.#vault.unseal(accepted), outcome };
  }

  updateScan(scan: Scan): Promise<void> {
    return this.client.call("updateScan", { scan: this.#vault.seal(scan) }, "grouped");
  }

  async commitHit(options: Omit<OperationArguments<"commitHit">, "now">): Promise<port.OutboxRow> {
    const now = this.#options.clock();
    const row = await this.client.call("commitHit", { ...options, now });
    // A hit committed again is the first one: it may be sent, receipted or given up already.
    const isNew = row.createdAt === now && row.published === 0;
    if (isNew) this.#fresh.note(row.sequence);
    this.#told.row(isNew ? row : null);
    return row;
  }

  async commitAlert(options: Omit<OperationArguments<"commitAlert">, "now">): Promise<port.OutboxRow> {
    const row = await this.client.call("commitAlert", { ...options, now: this.#options.clock() }, "grouped");
    this.#fresh.note(row.sequence);
    this.#told.alert(row);
    return row;
  }

  async unfinished(): Promise<readonly port.StoredScan[]> {
    return (await this.client.call("unfinishedScans", undefined)).map((stored) => this.#located(stored));
  }

  async scan(scanId: string): Promise<port.StoredScan | null> {
    const stored = await this.client.call("readScan", { scanId });
    return stored === null ? null : this.#located(stored);
  }

  heldFloor(scanId: string): Promise<readonly { class: string; score: number; threshold: number }[]> {
    return this.client.call("heldFloor", { scanId });
  }

  due(options: {
    limit: number;
    receipts: boolean;
    now: number;
    inFlight: ReadonlySet<number>;
    since?: number;
    backlog?: boolean;
  }): Promise<readonly port.OutboxRow[]> {
    const { since = null, backlog = true } = options;
    const inFlight = [...options.inFlight];
    return this.client.call("dueRows", { ...options, since, backlog, inFlight, freshFrom: this.#fresh.from });
  }

  lastHit(scanId: string): Promise<port.OutboxRow | null> {
    return this.client.call("lastHit", { scanId });
  }

  recent(kind: "hit" | "alert", limit: number): ReturnType<port.Spool["recent"]> {
    return this.client.call("recentRows", { kind, limit });
  }

  hitsAfter(sequence: number, limit: number): Promise<readonly port.OutboxRow[]> {
    return this.client.call("hitsAfter", { sequence, limit });
  }

  markPublished(sequences: readonly number[], at: number): Promise<void> {
    return this.client.call("markPublished", { sequences, at, life: this.#life() }, "grouped");
  }

  receipt(receipt: { journal: string; ids?: readonly string[]; upToSequence?: number }): Promise<number> {
    const { journal, ids = null, upToSequence = null } = receipt;
    return this.client.call(
      "receiptRows",
      { journal, ids, upToSequence, now: this.#options.clock(), life: this.#life() },
      "grouped",
    );
  }

  async deadLetter(sequence: number, reason: string): Promise<void> {
    const alert = await this.client.call("deadLetterRow", { sequence, reason, now: this.#options.clock() });
    if (alert !== null) this.#told.alert(alert);
  }

  receiptsExpected(): Promise<boolean> {
    return this.client.call("receiptsExpected", undefined);
  }

  setReceiptsExpected(expected: boolean): Promise<void> {
    return this.client.call("setReceiptsExpected", { expected, life: this.#life() }, "grouped");
  }

  setOnlyReceipts(only: boolean): Promise<void> {
    return this.client.call("setOnlyReceipts", { only, life: this.#life() }, "grouped");
  }

  announce(topics: readonly string[]): Promise<readonly string[]> {
    return this.client.call("announceTopics", { topics }, "grouped");
  }

  forgetAnnounced(topic: string): Promise<void> {
    return this.client.call("forgetTopic", { topic }, "grouped");
  }

  async resend(range: {
    journal: string;
    from: number;
    to: number;
  }): Promise<{ queued: number; gone: number } | null> {
    const answer = await this.client.call("resendRows", range);
    this.#told.row(null);
    return answer;
  }

  async retryDeadLetters(ids: readonly string[] | null): Promise<number> {
    const retried = await this.client.call("retryRows", { ids });
    this.#told.row(null);
    return retried;
  }

  onCommitted(listener: (row: port.OutboxRow | null) => void): () => void {
    return this.#told.onRow(listener);
  }

  onAlert(listener: (alert: port.RaisedAlert) => void): () => void {
    return this.#told.onAlert(listener);
  }

  async findScansByIdentifiers(
    identifiers: readonly { scheme: string; value: string }[],
    since: number,
  ): Promise<readonly port.StoredScan[]> {
    const found = await this.client.call("findScansByIdentifiers", {
      identifiers: keysOf(identifiers),
      since,
    });
    return found.map((stored) => this.#located(stored));
  }

  putDeadLetter(letter: Omit<port.DeadLetter, "id" | "at">, body: Uint8Array): Promise<void> {
    return this.client.call("putDeadLetter", { letter, body, at: this.#options.clock() }, "grouped");
  }

  deadLetters(limit: number): Promise<readonly port.DeadLetter[]> {
    return this.client.call("deadLetters", { limit });
  }

  putOutcome(outcome: Omit<OperationArguments<"putOutcome">, "now">): Promise<port.OutcomeTaken> {
    return this.client.call("putOutcome", { ...outcome, now: this.#options.clock() }, "grouped");
  }

  confirmedAmong(scanIds: readonly string[]): Promise<readonly string[]> {
    return this.client.call("confirmedAmong", { scanIds });
  }

  async figures(): Promise<port.SpoolFigures> {
    const figures = await this.client.call("figures", undefined);
    const care = { level: this.#room.level, ...this.#planeScrub.figures };
    return { ...figures, freeBytes: this.#room.free, usedBytes: this.#room.used, care };
  }

  takesBulk(): boolean {
    return this.#room.takesBulk;
  }

  rowHashes(after: number, limit: number): ReturnType<port.AuditLog["rowHashes"]> {
    return this.client.call("rowHashes", { after, limit }, "grouped");
  }

  signer(): ReturnType<port.AuditLog["signer"]> {
    return this.client.call("signerOf", undefined);
  }

  signText(text: string): Promise<Uint8Array | null> {
    return this.client.call("signText", { text }, "grouped");
  }

  heartbeat(): Promise<void> {
    return this.client.call("heartbeat", { now: this.#options.clock() }, "grouped");
  }

  list(limit: number): ReturnType<port.Spool["list"]> {
    return this.client.call("list", { limit });
  }

  #located(stored: port.StoredScan): port.StoredScan {
    const scan = { ...stored.scan, directory: this.#planes.toAbsolute(stored.scan.directory) };
    return { ...stored, scan: this.#vault.unseal(scan) };
  }

  #absolute(scan: Scan, outcome: port.Accepted["outcome"], capture: Capture): Scan {
    const directory = outcome === "replaced" ? capture.directory : this.#planes.toAbsolute(scan.directory);
    return { ...scan, directory };
  }

  /** How long the gateway has run, ms. */
  #life(): number {
    return (this.#options.life ?? this.#options.clock)();
  }

  #mustWork(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #rethrow(error: unknown): never {
    if (error instanceof LynceusError && error.code === "LYN_SPOOL_FATAL") this.client.abandon(error);
    throw error;
  }

  protected fail(error: LynceusError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#options.log.error({ code: error.code, remedy: error.remedy }, error.message);
    this.#options.onFatal?.(error);
  }
}

function damaged(why: string): LynceusError {
  return new LynceusError("LYN_SPOOL_FATAL", `the journal is damaged: ${why}`, {
    remedy:
      "Check the disk. The next start saves what can be read into a new journal and keeps the damaged one.",
    details: { why },
  });
}

import type { Declaration } from "../../protocols/declaration.ts";
import type { KeptRisk } from "../declarations/kept-risk.ts";
import type { Analysis, Capture, Energy, PlaneRecord, Scan, ScanKey } from "../scan.ts";
import type { Level } from "./ladder.ts";
import type { RecentRow } from "./operations/recent.ts";

/** Why a scanner is refused a new scan now (NAK codes of `line-scan.md`). */
export type Admission =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: "SPOOL_FULL" | "PAUSED"; readonly message: string };

/** Writes the planes of one acquisition as its lines come; bounded by `maxBytes`. */
export interface ScanWriter {
  readonly scanId: string;
  readonly directory: string;
  /** Bytes of image data accepted so far (highest extent of each plane). */
  readonly bytes: number;
  /** Places `samples` (u16 LE, `lines` × `height`) at `firstLine`; repeats overwrite. Throws LYN_SCAN_TOO_LARGE over the bound. */
  writeLines(
    plane: { view: number; energy: Energy; height: number },
    firstLine: number,
    samples: Uint8Array,
  ): Promise<void>;
  /** Writes a whole row-major plane (u16 LE or rgb8). */
  writePlane(
    plane: { view: number; energy: Energy; width: number; height: number; format: "u16" | "rgb8" },
    data: Uint8Array,
  ): Promise<void>;
  /** Closes the files and describes them (not yet fsynced). `widths`: lines per plane as SCAN_END says. */
  finish(
    widths?: readonly { view: number; energy: Energy; lines: number }[],
  ): Promise<readonly PlaneRecord[]>;
  /** Drops what was written. */
  discard(): Promise<void>;
}

/** A scan already known under a scanner's key. */
export interface KnownScan {
  readonly scanId: string;
  readonly complete: boolean;
  /** True when the same scanRef is known with another startedAt. */
  readonly otherStart: boolean;
}

/** What a scanner driver needs of the spool. */
export interface ScanStore {
  admission(lane: string): Admission;
  find(lane: string, key: ScanKey): Promise<KnownScan | null>;
  begin(options: { lane: string; maxBytes: number }): Promise<ScanWriter>;
}

/** How far a scan has come. A restart resumes each scan from here. */
export type ScanState = "received" | "decided" | "analysed";

/** A stored scan with its progress. `revision` is that of the last committed hit, 0 when none. */
export interface StoredScan {
  readonly scan: Scan;
  readonly state: ScanState;
  readonly revision: number;
  readonly analysis: Analysis | null;
  /** Id of the last hit event, null when none. */
  readonly lastHitId: string | null;
}

/** The result of making a capture durable. */
export interface Accepted {
  readonly scan: Scan;
  /** `duplicate`: already stored complete, nothing to do; `replaced`: an incomplete one is now whole (keeps its scan id). */
  readonly outcome: "new" | "duplicate" | "replaced";
}

/** A hit or alert without what the journal adds: `journal`, `sequence`, `bootId`, `integrity`. */
export type UnsealedData = Readonly<Record<string, unknown>>;

/** A committed row of the outbox: exactly what is published. */
export interface OutboxRow {
  /** In our journal; negative for a row saved from a damaged journal (the event holds its own number). */
  readonly sequence: number;
  readonly id: string;
  readonly kind: "hit" | "alert";
  readonly lane: string | null;
  readonly scanId: string | null;
  readonly revision: number | null;
  /** The CloudEvents JSON without `resent`; every transmission carries these bytes. */
  readonly event: string;
  /** Publish attempts that reached the broker (PUBACK). */
  readonly published: number;
  readonly createdAt: number;
}

/** A row with all that is chained, signed and published of it. `sequence`: the row's own, in its journal. */
export interface AuditRow {
  readonly sequence: number;
  readonly id: string;
  readonly kind: "hit" | "alert";
  readonly lane: string | null;
  readonly scanId: string | null;
  readonly revision: number | null;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly previous: string;
  readonly hash: string;
  readonly signature: string | null;
  readonly keyId: string | null;
  /** The CloudEvents JSON; null once erased. */
  readonly event: string | null;
}

/** What checkpoints and the watchdog need of the journal. */
export interface AuditLog {
  readonly journal: string;
  /** Hashes of rows after a sequence, oldest first, at most a thousand. */
  rowHashes(after: number, limit: number): Promise<readonly { sequence: number; hash: string }[]>;
  /** The key that signs rows; null where none is configured. */
  signer(): Promise<{ readonly keyId: string; readonly publicKey: string } | null>;
  /** Ed25519 over a text by that key, 64 bytes; null where none is configured. */
  signText(text: string): Promise<Uint8Array | null>;
  /** Commits a row of no meaning: resolves when the disk has it. */
  heartbeat(): Promise<void>;
  onCommitted(listener: (row: OutboxRow | null) => void): () => void;
}

/** An alert of the journal. */
export interface RaisedAlert {
  readonly code: string;
  readonly severity: "info" | "warning" | "critical";
}

/** What the uplink needs of the outbox. */
export interface Outbox {
  /**
   * Rows to send now, at most `limit`, none of `inFlight`: fresh ones, then backlog, hits before alerts in both, then those
   * asked for again; with `receipts`, then those that central has not receipted in time, and at once those last sent before
   * `since` (a new connection's time). `backlog: false`: central is away, fresh rows alone.
   */
  due(options: {
    limit: number;
    receipts: boolean;
    now: number;
    inFlight: ReadonlySet<number>;
    since?: number;
    backlog?: boolean;
  }): Promise<readonly OutboxRow[]>;
  markPublished(sequences: readonly number[], at: number): Promise<void>;
  /** Frees rows by id or up to a sequence; a foreign journal is ignored. Returns how many were freed. */
  receipt(receipt: { journal: string; ids?: readonly string[]; upToSequence?: number }): Promise<number>;
  /** The row can never be delivered: kept as a dead letter, an UNDELIVERABLE alert committed in the same transaction. */
  deadLetter(sequence: number, reason: string): Promise<void>;
  /** Whether central has announced receipts; survives restarts. */
  receiptsExpected(): Promise<boolean>;
  setReceiptsExpected(expected: boolean): Promise<void>;
  /** `true`: the broker speaks MQTT 3.1.1, whose PUBACK says nothing; only a receipt is delivery then. */
  setOnlyReceipts(only: boolean): Promise<void>;
  /**
   * Rows of a journal, ours or one saved from damage, go again, receipted or not, dead letters too; both ends included. `gone`:
   * rows of which only number and hashes remain. Null: the journal is neither.
   */
  resend(range: {
    journal: string;
    from: number;
    to: number;
  }): Promise<{ readonly queued: number; readonly gone: number } | null>;
  /** Notes retained topics that are about to be published; those noted before that are none of them come back. */
  announce(topics: readonly string[]): Promise<readonly string[]>;
  /** A retained topic was cleared at the broker. */
  forgetAnnounced(topic: string): Promise<void>;
  /** Gives dead letters of the outbox another try: those of some event ids, or all. Returns how many. */
  retryDeadLetters(ids: readonly string[] | null): Promise<number>;
  /** Called after each commit that adds rows; `row`: a hit that this commit added, null for anything else. */
  onCommitted(listener: (row: OutboxRow | null) => void): () => void;
}

/**
 * How a declaration was taken. `displaced`: it is stored, and the oldest went for it. `conflict`: same key, other content, the
 * first stands. `stale`: an older revision than the stored one.
 */
export type StoredAs = "stored" | "displaced" | "same" | "conflict" | "stale";
/** How an outcome was taken. `too-many`: the scan has {@link MAX_OUTCOMES} others already. */
export type OutcomeTaken = "stored" | "same" | "unknown-scan" | "too-many";
/** Outcomes that one scan may have. */
export const MAX_OUTCOMES = 32;

/** Declarations received over MQTT, idempotent on (aedId, revision). */
export interface DeclarationStore {
  /** Durable upsert. */
  putDeclaration(
    declaration: Declaration,
    findings: readonly DeclarationFinding[],
    at: number,
  ): Promise<StoredAs>;
  /** Live (not cancelled, not expired) declarations that carry any of the identifiers. */
  findDeclarations(
    identifiers: readonly { scheme: string; value: string }[],
    now: number,
  ): Promise<readonly StoredDeclaration[]>;
  /** Keeps what a model said of this revision's risk, to be found with it; false where another revision stands by now. */
  keepDeclarationRisk(given: {
    readonly aedId: string;
    readonly revision: number;
    readonly risk: KeptRisk;
  }): Promise<boolean>;
  /** Identifiers of the stored revision of an aedId: a cancellation need not repeat them. */
  declarationIdentifiers(aedId: string): Promise<readonly { scheme: string; value: string }[]>;
  /** Scans received since `since` (ms) that carry any of the identifiers: to be rescored. */
  findScansByIdentifiers(
    identifiers: readonly { scheme: string; value: string }[],
    since: number,
  ): Promise<readonly StoredScan[]>;
  /** Scans received since `since` (ms) whose last hit is older than a declaration of theirs, which no hit has seen. */
  unseenDeclarations(
    since: number,
  ): Promise<readonly { scanId: string; cause: "declaration" | "cancellation" }[]>;
  /** How many different items were scanned under each declaration since `since` (ms): `aedId` → count. */
  countPieces(
    declarations: readonly CountedDeclaration[],
    since: number,
  ): Promise<Readonly<Record<string, number>>>;
  /** Live declarations that name this consignee token, stored between `from` and `to` (ms, both included); counts to 100. */
  countByConsignee(token: string, from: number, to: number): Promise<number>;
  /** From when on declarations may be missing (ms), null where none is known to be: central is to be asked. */
  declarationGap(): Promise<number | null>;
  /** Of two gaps the longer stands. */
  widenDeclarationGap(since: number): Promise<void>;
  closeDeclarationGap(): Promise<void>;
  /** When the newest declaration was stored (ms), null where there is none. */
  newestDeclarationAt(): Promise<number | null>;
}

/** A declaration whose pieces are counted. */
export interface CountedDeclaration {
  readonly aedId: string;
  readonly identifiers: readonly { readonly scheme: string; readonly value: string }[];
  /** Pieces declared. */
  readonly packageCount: number;
}

export interface DeclarationFinding {
  readonly metric: string;
  readonly pointer: string;
  readonly message: string;
}

export interface StoredDeclaration {
  readonly declaration: Declaration;
  readonly findings: readonly DeclarationFinding[];
  /** When this gateway stored it, ms since the epoch. */
  readonly storedAt: number;
  /** What a model said of its risk when it was stored; absent: nothing yet. */
  readonly risk?: KeptRisk;
}

/** Dead letters that came from outside (declarations that cannot be read), for `lynceus outbox`. Bodies are never logged. */
export interface DeadLetter {
  /** Event id of a row of the outbox, number of a message that came. */
  readonly id: string;
  readonly source: "outbox" | "declaration" | "outcome";
  readonly reason: string;
  readonly pointer: string | null;
  readonly bytes: number;
  readonly at: number;
}

/** Counts shown by `health` and `lynceus outbox`. */
export interface SpoolFigures {
  readonly journal: string;
  readonly sequence: number;
  readonly scans: Readonly<Record<ScanState, number>>;
  /** When the oldest scan without a hit came in, and the oldest whose images are still to be analysed; null: there is none. */
  readonly oldestScanAt: { readonly undecided: number | null; readonly unanalysed: number | null };
  readonly unpublished: number;
  readonly unreceipted: number;
  readonly oldestUnpublishedAt: number | null;
  readonly deadLetters: number;
  readonly freeBytes: number;
  readonly usedBytes: number;
  /** Of a running gateway; absent: read beside it. */
  readonly care?: SpoolCare;
}

/** How a running gateway keeps its spool. */
export interface SpoolCare {
  /** What the spool refuses as it fills: nothing, bulk, that while space held back is given up, scans too. */
  readonly level: Level;
  /** Bytes of stored planes read again since the start. */
  readonly scrubbedBytes: number;
  /** Scans kept apart under `quarantine`, whose planes the disk lost or changed. */
  readonly damagedScans: number;
}

/** The whole spool, as the composition root sees it. */
export interface Spool extends ScanStore, Outbox, DeclarationStore, AuditLog {
  readonly journal: string;
  readonly bootId: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Whether there is room for what can wait: model packages, copies of images for archives. */
  takesBulk(): boolean;
  /** Fsyncs planes and commits the scan (FULL). After this the scanner may be told ACK. */
  accept(
    capture: Capture,
    item: Pick<Scan, "lane" | "identifiers" | "measured" | "trackingAmbiguous">,
  ): Promise<Accepted>;
  /** Late readings: replaces identifiers and measures of a stored scan. */
  updateScan(scan: Scan): Promise<void>;
  /** Seals (journal, sequence, bootId, hash chain) and commits a hit, moving the scan's state, in one transaction. Same scan and revision twice: the first stands. */
  commitHit(options: {
    scanId: string;
    lane: string;
    revision: number;
    data: UnsealedData;
    state: ScanState;
    /** Stored in the same transaction: one fsync for both. */
    analysis?: Analysis;
  }): Promise<OutboxRow>;
  /** The envelope's time is the spool's clock. */
  commitAlert(options: {
    data: UnsealedData;
    lane: string | null;
    scanId: string | null;
  }): Promise<OutboxRow>;
  /** Hits with a higher sequence, oldest first, published or not; erased ones are left out. */
  hitsAfter(sequence: number, limit: number): Promise<readonly OutboxRow[]>;
  /** The hit that stands for a scan; null where it has none, or what it said was erased. */
  lastHit(scanId: string): Promise<OutboxRow | null>;
  /** The newest hits, or alerts, newest first, at most 100 of the last 5,000 rows; erased ones are left out. */
  recent(kind: "hit" | "alert", limit: number): Promise<readonly RecentRow[]>;
  /** Scans not yet `analysed`, oldest first, for resumption. */
  unfinished(): Promise<readonly StoredScan[]>;
  scan(scanId: string): Promise<StoredScan | null>;
  /** Called with each alert that was committed, the spool's own too; the first listener hears of those since the start. */
  onAlert(listener: (alert: RaisedAlert) => void): () => void;
  /** `score.floor` of the scan's last hit: a revision without a new analysis never removes it (`mqtt.md`, Score). */
  heldFloor(scanId: string): Promise<readonly { class: string; score: number; threshold: number }[]>;
  putDeadLetter(letter: Omit<DeadLetter, "id" | "at">, body: Uint8Array): Promise<void>;
  deadLetters(limit: number): Promise<readonly DeadLetter[]>;
  putOutcome(outcome: { outcomeId: string; scanId: string; at: string; body: string }): Promise<OutcomeTaken>;
  /** Which of these scans, at most 1000, an examination found something in. */
  confirmedAmong(scanIds: readonly string[]): Promise<readonly string[]>;
  figures(): Promise<SpoolFigures>;
  /** Rows for `lynceus outbox`, newest first. */
  list(limit: number): Promise<
    readonly {
      sequence: number;
      id: string;
      kind: string;
      state: string;
      lane: string | null;
      scanId: string | null;
      createdAt: number;
      reason: string | null;
    }[]
  >;
}

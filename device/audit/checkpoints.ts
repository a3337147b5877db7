import { isLynceusError } from "../../protocols/errors.ts";
import { leafHash, TreeHead } from "../../protocols/merkle.ts";
import {
  checkpointOrigin,
  checkpointText,
  formatNote,
  MAX_NOTE_LENGTH,
  parseCheckpoint,
  parseNote,
  plainSignature,
  type SignedNote,
  verifyNoteSignature,
} from "../../protocols/signed-note.ts";
import type { Alert } from "../alerts.ts";
import type { Log } from "../log.ts";
import type { AuditLog } from "../spool/port.ts";
import { cutCheckpoints, type KeptCheckpoint, readCheckpoints, writeCheckpoints } from "./checkpoint-file.ts";

/** A checkpoint is made after so many rows, or so long after the last one, ms, while there is something new. */
const EVERY_ROWS = 256;
const EVERY_MS = 60_000;
/** A checkpoint that nobody co-signs is told again ever more rarely: after so many intervals at most. */
const MAX_PATIENCE = 60;
/** Rows asked of the journal at once, and the breath between while it catches up, ms. */
const ROWS_A_STEP = 500;
const BREATH_MS = 5;
/** Until a note that no broker took is tried again, ms. */
const RETRY_MS = 2000;
/** What is under way may take so long when the gateway stops, ms. */
const STOP_MS = 1000;

export interface CheckpointsOptions {
  readonly log: AuditLog;
  readonly site: string;
  readonly gateway: string;
  readonly spoolPath: string;
  /** Publishes a note on the topic `checkpoint`; false: no broker took it. */
  readonly publish: (note: string) => Promise<boolean>;
  /** Raw public keys of those who may co-sign. */
  readonly witnesses: () => Promise<readonly Uint8Array[]>;
  readonly alert: (alert: Alert) => void;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly logger: Log;
  readonly everyRows?: number;
  readonly everyMs?: number;
}

/** How far the log is under checkpoints, for health and the console. */
export interface CheckpointState {
  /** Rows under the newest checkpoint. */
  readonly size: number;
  /** Rows under the newest one that was co-signed; what stands before cannot be rewritten unseen. */
  readonly witnessedSize: number;
}

/**
 * Merkle checkpoints of the journal (`mqtt.md`, checkpoint and witness): the tree over the hashes of its rows, signed by the
 * gateway's key, published, co-signed by central. Without a signing key there is nothing to sign, and nothing is made.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #tree = new TreeHead();
  #kept: readonly KeptCheckpoint[] = [];
  #publicKey: Uint8Array | null = null;
  /** One thing at a time: growing, signing, writing. */
  #work: Promise<void> = Promise.resolve();
  #stopped = false;
  #broken = false;
  #committed = 0;
  #silence = 0;
  #patience = 1;
  #timer: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | null = null;
  #unlisten: (() => void) | null = null;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  get state(): CheckpointState {
    const witnessed = this.#kept.findLast((each) => each.witnessed);
    return { size: this.#kept.at(-1)?.size ?? 0, witnessedSize: witnessed?.size ?? 0 };
  }

  /** Returns once it is known whether there is a key; the tree is built from the journal in the background. */
  async start(): Promise<void> {
    const { log, logger, spoolPath, everyMs = EVERY_MS, everyRows = EVERY_ROWS } = this.#options;
    const signer = await log.signer();
    if (signer === null) {
      logger.info({}, "no signing key: the journal is chained, and no checkpoints of it are made");
      return;
    }
    this.#publicKey = new Uint8Array(Buffer.from(signer.publicKey, "base64url"));
    try {
      this.#kept = await readCheckpoints(spoolPath, log.journal);
    } catch (error) {
      this.#sayBroken("The file of checkpoints cannot be read", { why: (error as Error).message });
    }
    this.#unlisten = log.onCommitted(() => {
      this.#committed += 1;
      if (this.#committed >= everyRows) this.#next();
    });
    this.#timer = setInterval(() => this.#next(), everyMs);
    this.#next();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unlisten?.();
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#retry !== null) clearTimeout(this.#retry);
    // A broker that does not answer must not hold up the end; what was signed is on disk and told at the next start.
    await Promise.race([this.#work, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
  }

  /** Takes a co-signature. Resolves when it is on disk, or refused with an alert. */
  witness(bytes: Uint8Array): Promise<void> {
    return this.#queue(() => this.#takeWitness(bytes));
  }

  #next(): void {
    this.#committed = 0;
    void this.#queue(() => this.#make());
  }

  #queue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      if (!this.#stopped) this.#options.logger.error({ err: error }, "a checkpoint could not be made");
    });
    return this.#work;
  }

  async #make(): Promise<void> {
    if (this.#stopped || this.#broken) return;
    await this.#grow();
    if (this.#stopped || this.#broken) return;
    if (this.#tree.size > this.state.size) await this.#sign();
    await this.#tell();
  }

  /** Takes the rows that are new; each kept checkpoint is held against them as the tree passes its size. */
  async #grow(): Promise<void> {
    const { log } = this.#options;
    for (;;) {
      const rows = await log.rowHashes(this.#tree.size, ROWS_A_STEP);
      for (const { sequence, hash } of rows) {
        if (sequence !== this.#tree.size + 1)
          return this.#sayBroken("Rows of the journal are missing", { sequence: this.#tree.size + 1 });
        this.#tree.append(leafHash(Buffer.from(hash, "hex")));
        if (!this.#agrees()) return this.#sayBroken("Rows of the journal were changed", { sequence });
      }
      if (rows.length < ROWS_A_STEP || this.#stopped) break;
      await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
    }
    const { size } = this.state;
    if (this.#tree.size < size && !this.#stopped)
      this.#sayBroken("The journal has lost its last rows", { sequence: this.#tree.size + 1, size });
  }

  #agrees(): boolean {
    const same = this.#kept.find(({ size }) => size === this.#tree.size);
    if (same === undefined) return true;
    const { root } = parseCheckpoint(parseNote(same.note).text);
    return Buffer.from(root).equals(this.#tree.root());
  }

  async #sign(): Promise<void> {
    const { log, site, gateway, clock } = this.#options;
    const origin = checkpointOrigin({ site, gateway, journal: log.journal });
    const { size } = this.#tree;
    const text = checkpointText({ origin, size, root: this.#tree.root() });
    const signature = await log.signText(text);
    if (signature === null || this.#publicKey === null) {
      this.#options.alert({
        code: "SIGNING_FAILED",
        severity: "critical",
        message: "The key of the journal does not sign: rows are chained and not signed",
        remedy: "Check the token of signing.key; rows written meanwhile stay unsigned",
        details: {},
      });
      return;
    }
    const note = formatNote({ text, signatures: [plainSignature(origin, this.#publicKey, signature)] });
    await this.#keep([...this.#kept, { size, at: clock(), note, published: false, witnessed: false }]);
    this.#silence = 0;
    this.#patience = 1;
  }

  /** The newest: at once when new or not taken yet, then ever more rarely until it is co-signed. */
  async #tell(): Promise<void> {
    const newest = this.#kept.at(-1);
    if (newest === undefined || newest.witnessed) return;
    if (newest.published) {
      this.#silence += 1;
      if (this.#silence < this.#patience) return;
      this.#silence = 0;
      this.#patience = Math.min(this.#patience * 2, MAX_PATIENCE);
    }
    if (!(await this.#options.publish(newest.note))) {
      // No connection yet, or none any more: not a minute of waiting for that.
      this.#retry ??= setTimeout(() => {
        this.#retry = null;
        this.#next();
      }, RETRY_MS);
      return;
    }
    if (!newest.published) await this.#replace(newest, { ...newest, published: true });
  }

  async #takeWitness(bytes: Uint8Array): Promise<void> {
    const refusal = await this.#witnessFault(bytes);
    if (refusal === null) return;
    this.#options.alert({
      code: "WITNESS_REFUSED",
      severity: "critical",
      message: `A co-signature of a checkpoint is refused: ${refusal}`,
      remedy: "Ask central whose log it co-signed, and compare its key with trust.central",
      details: { why: refusal },
    });
  }

  /** Keeps a good one and gives null, or says what is wrong with it. */
  async #witnessFault(bytes: Uint8Array): Promise<string | null> {
    let note: SignedNote;
    let size: number;
    try {
      if (bytes.length > MAX_NOTE_LENGTH * 4) return "it is too long";
      note = parseNote(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
      size = parseCheckpoint(note.text).size;
    } catch (error) {
      return isLynceusError(error) ? error.message : "it is not UTF-8";
    }
    const own = this.#kept.find((each) => each.size === size);
    if (own === undefined) return size < (this.#kept[0]?.size ?? 0) ? null : "no such checkpoint was made";
    const mine = parseNote(own.note);
    if (mine.text !== note.text) return "it is of another log or tree";
    const witnesses = await this.#options.witnesses();
    const valid = note.signatures.filter((each) => verifyNoteSignature(note.text, each, witnesses) !== null);
    if (valid.length === 0) return "no key in trust.central signed it";
    if (own.witnessed) return null;
    const both = formatNote({ text: mine.text, signatures: [...mine.signatures, ...valid] });
    await this.#replace(own, { ...own, note: both, published: true, witnessed: true });
    this.#options.logger.info({ size }, "central co-signed a checkpoint");
    return null;
  }

  #replace(old: KeptCheckpoint, by: KeptCheckpoint): Promise<void> {
    return this.#keep(this.#kept.map((each) => (each === old ? by : each)));
  }

  async #keep(kept: readonly KeptCheckpoint[]): Promise<void> {
    const cut = cutCheckpoints(kept);
    await writeCheckpoints(this.#options.spoolPath, this.#options.log.journal, cut);
    this.#kept = cut;
  }

  /** What is signed must not be what somebody rewrote: no checkpoint follows until a person has looked. */
  #sayBroken(message: string, details: Readonly<Record<string, unknown>>): void {
    this.#broken = true;
    this.#options.alert({
      code: "AUDIT_BROKEN",
      severity: "critical",
      message,
      remedy: "Run `lynceus audit verify` and keep the spool as it is: somebody or a disk changed it",
      details,
    });
  }
}

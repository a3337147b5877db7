import type { KeyObject } from "node:crypto";
import { FIRST_SEQUENCE, GENESIS, keyIdOf } from "../../protocols/chain.ts";
import { ed25519PublicKey } from "../../protocols/ed25519.ts";
import { leafHash, TreeHead } from "../../protocols/merkle.ts";
import {
  type Checkpoint,
  checkpointOrigin,
  parseCheckpoint,
  parseNote,
  verifyNoteSignature,
} from "../../protocols/signed-note.ts";
import type { AuditRow } from "../spool/port.ts";
import { contentFault, type Place, type RowFault, signatureFault } from "./row-check.ts";

/** The first thing found wrong with a log. */
export interface Broken {
  readonly what: "row" | "checkpoint" | "witness" | "image" | "file" | "proof";
  readonly journal: string;
  /** The row, or the size of the checkpoint; null where neither is meant. */
  readonly sequence: number | null;
  readonly reason: RowFault | string;
  readonly message: string;
}

/** What was found of one journal. */
export interface JournalReport {
  readonly journal: string;
  readonly rows: number;
  readonly erased: number;
  readonly signed: number;
  readonly checkpoints: number;
  /** The newest checkpoint that a trusted witness co-signed; null where none is. */
  readonly witnessed: { readonly size: number; readonly by: string; readonly at: string | null } | null;
  readonly broken: Broken | null;
}

export interface LogToCheck {
  readonly journal: string;
  /** `/SITE/GATEWAY` of the configuration or the export. */
  readonly source: string;
  /** In `sequence` order. */
  readonly rows: Iterable<AuditRow>;
  /** Signed notes, in order of size; those of central's own copies may be among them. */
  readonly checkpoints: readonly string[];
  /** Raw public keys that may have signed rows and checkpoints. */
  readonly keys: readonly Uint8Array[];
  /** Raw public keys of witnesses. */
  readonly witnesses: readonly Uint8Array[];
  /** Rows may be missing between those that are there: what was saved from a damaged journal. */
  readonly saved?: boolean;
}

/** Follows a chain row by row, a row at a time in memory. */
export class ChainWalk {
  readonly #place: Place & { readonly sources: Set<string> };
  readonly #keys: ReadonlyMap<string, KeyObject>;
  #head = GENESIS;
  #next = FIRST_SEQUENCE;
  #anySigned = false;

  constructor(options: { journal: string; sources: readonly string[]; keys: readonly Uint8Array[] }) {
    this.#place = { journal: options.journal, sources: new Set(options.sources) };
    this.#keys = new Map(options.keys.map((key) => [keyIdOf(key), ed25519PublicKey(key)]));
  }

  /** Sequence of the row that should come next. */
  get next(): number {
    return this.#next;
  }

  /** Checks the next row and takes it; what is wrong with it, or null. */
  step(row: AuditRow): RowFault | null {
    const fault = this.faultOf(row);
    this.#head = row.hash;
    this.#next = row.sequence + 1;
    this.#anySigned ||= row.signature !== null;
    return fault;
  }

  /** Rows until here are gone: the next one begins anew. */
  skipTo(row: AuditRow): void {
    this.#head = row.previous;
    this.#next = row.sequence;
  }

  /** As {@link step}, without taking it. */
  faultOf(row: AuditRow): RowFault | null {
    if (row.sequence !== this.#next) return "sequence";
    if (row.previous !== this.#head) return "previous";
    const fault = contentFault(row, this.#place);
    if (fault !== null) return fault;
    if (row.signature === null && this.#anySigned) return "unsigned";
    return signatureFault(row, this.#keys);
  }
}

interface Claim {
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

/** Verifies a journal: chain, events, signatures, then each checkpoint and its witnesses. Stops at the first that does not hold. */
export function checkLog(log: LogToCheck): JournalReport {
  const { journal, saved = false } = log;
  const counts = { rows: 0, erased: 0, signed: 0, checkpoints: 0 };
  let witnessed: JournalReport["witnessed"] = null;
  const report = (broken: Broken | null): JournalReport => ({ journal, ...counts, witnessed, broken });
  const read = readClaims(log);
  if ("broken" in read) return report(read.broken);
  const walk = new ChainWalk({ journal, sources: [log.source, ...read.sources], keys: log.keys });
  const tree = new TreeHead();
  let claim = 0;
  /** Checkpoints at the size the tree has now. */
  const atThisSize = (): Broken | null => {
    for (let each = read.claims[claim]; each?.checkpoint.size === tree.size; each = read.claims[++claim]) {
      if (!Buffer.from(each.checkpoint.root).equals(tree.root())) return otherTree(journal, tree.size);
      counts.checkpoints += 1;
      witnessed = witnessOf(each, log.witnesses) ?? witnessed;
    }
    return null;
  };
  const early = atThisSize();
  if (early !== null) return report(early);
  for (const row of log.rows) {
    if (saved && row.sequence > walk.next) walk.skipTo(row);
    const fault = walk.step(row);
    if (fault !== null) return report(brokenRow(journal, row, fault));
    counts.rows += 1;
    counts.erased += row.event === null ? 1 : 0;
    counts.signed += row.signature === null ? 0 : 1;
    tree.append(leafHash(Buffer.from(row.hash, "hex")));
    const broken = saved ? null : atThisSize();
    if (broken !== null) return report(broken);
  }
  const ahead = saved ? undefined : read.claims[claim];
  return report(ahead === undefined ? null : truncated(journal, tree.size, ahead.checkpoint.size));
}

function readClaims(
  log: LogToCheck,
): { readonly claims: readonly Claim[]; readonly sources: readonly string[] } | { readonly broken: Broken } {
  const claims: Claim[] = [];
  const sources = new Set<string>();
  for (const note of log.checkpoints) {
    const found = readClaim(log, note);
    if ("broken" in found) return found;
    const [, site, gateway] = found.checkpoint.origin.split("/");
    sources.add(`/${site}/${gateway}`);
    claims.push(found);
  }
  claims.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
  return { claims, sources: [...sources] };
}

/** A checkpoint counts when a key of the gateway or of a witness signed it; anything else is somebody's invention. */
function readClaim({ journal, keys, witnesses }: LogToCheck, note: string): Claim | { broken: Broken } {
  const broken = (message: string, size: number | null): { broken: Broken } => ({
    broken: { what: "checkpoint", journal, sequence: size, reason: "note", message },
  });
  try {
    const { text, signatures } = parseNote(note);
    const checkpoint = parseCheckpoint(text);
    const { origin, size } = checkpoint;
    const [, site = "", gateway = ""] = origin.split("/");
    if (origin !== checkpointOrigin({ site, gateway, journal }))
      return broken(`A checkpoint of ${origin} lies among those of journal ${journal}`, size);
    const wrong = signatures.find(
      (each) => verifyNoteSignature(text, each, [...keys, ...witnesses]) === null,
    );
    if (wrong !== undefined)
      return broken(
        `A signature by ${wrong.name} on the checkpoint of ${size} rows does not hold, or its key is not known`,
        size,
      );
    return { note, checkpoint };
  } catch (error) {
    return broken((error as Error).message, null);
  }
}

function witnessOf(
  { note, checkpoint }: Claim,
  witnesses: readonly Uint8Array[],
): JournalReport["witnessed"] {
  const { text, signatures } = parseNote(note);
  for (const signature of signatures) {
    const signer = verifyNoteSignature(text, signature, witnesses);
    if (signer === null) continue;
    const at = signer.at === null ? null : new Date(signer.at * 1000).toISOString();
    return { size: checkpoint.size, by: signer.name, at };
  }
  return null;
}

const WORDS: Readonly<Record<RowFault, string>> = {
  sequence: "rows before it are missing, or it is out of its order",
  previous: "it does not follow the row before it",
  hash: "its data is not what was hashed",
  event: "the event around its data is not the one that was written",
  id: "its id is not that of its scan and revision, or of its number",
  signature: "its signature does not hold",
  "unknown-key": "it is signed by a key that is not named",
  unsigned: "it is not signed, and rows before it are",
};

function brokenRow(journal: string, row: AuditRow, reason: RowFault): Broken {
  const message = `Row ${row.sequence} (${row.kind} ${row.id}) of journal ${journal}: ${WORDS[reason]}`;
  return { what: "row", journal, sequence: row.sequence, reason, message };
}

function otherTree(journal: string, size: number): Broken {
  return {
    what: "checkpoint",
    journal,
    sequence: size,
    reason: "root",
    message: `The checkpoint of ${size} rows of journal ${journal} was of other rows`,
  };
}

function truncated(journal: string, rows: number, size: number): Broken {
  return {
    what: "checkpoint",
    journal,
    sequence: rows + 1,
    reason: "truncated",
    message: `Journal ${journal} ends at row ${rows}; a checkpoint says that it had ${size}`,
  };
}

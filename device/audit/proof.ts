import { z } from "zod";
import { keyIdOf } from "../../protocols/chain.ts";
import { ed25519PublicKey } from "../../protocols/ed25519.ts";
import { leafHash, MerkleTree, verifyInclusion } from "../../protocols/merkle.ts";
import { uuid } from "../../protocols/mqtt/common.ts";
import { signedNoteSchema } from "../../protocols/mqtt/note.ts";
import { parseCheckpoint, parseNote, verifyNoteSignature } from "../../protocols/signed-note.ts";
import type { AuditRow } from "../spool/port.ts";
import { openSpoolReader } from "../spool/reader.ts";
import { type KeptCheckpoint, readCheckpointsSync } from "./checkpoint-file.ts";
import type { Broken } from "./log-check.ts";
import { contentFault, signatureFault } from "./row-check.ts";

/** Rows of one proof, at most: the revisions of a scan and what was told of it. */
const MAX_PROVEN_ROWS = 1000;
const MAX_STEPS = 64;

export const auditRowSchema = z.strictObject({
  sequence: z.int().min(1),
  id: uuid,
  kind: z.enum(["hit", "alert"]),
  lane: z.string().nullable(),
  scanId: uuid.nullable(),
  revision: z.int().nullable(),
  createdAt: z.int(),
  previous: z.string(),
  hash: z.string(),
  signature: z.string().nullable(),
  keyId: z.string().nullable(),
  event: z.string().nullable(),
});

/**
 * A row reduced to what can be proven, in one order: columns that neither its hash nor its id vouch for are emptied. The time of
 * a hit stands in its data; of an erased row only number, id, hashes and signature stay.
 */
export function provable(row: AuditRow): AuditRow {
  const { sequence, id, kind, previous, hash, signature, keyId, event } = row;
  const erased = event === null;
  const hit = kind === "hit";
  return {
    sequence,
    id,
    kind,
    lane: erased ? null : row.lane,
    scanId: erased && !hit ? null : row.scanId,
    revision: hit ? row.revision : null,
    createdAt: erased || hit ? 0 : row.createdAt,
    previous,
    hash,
    signature,
    keyId,
    event,
  };
}

const proofSchema = z.strictObject({
  schema: z.literal("lynceus-proof/1"),
  journal: uuid,
  /** `/SITE/GATEWAY` */
  source: z.string(),
  keys: z.array(z.strictObject({ keyId: z.string(), publicKey: z.string() })).max(64),
  /** The signed note that the rows are proven against; null: none was made yet. */
  checkpoint: signedNoteSchema.nullable(),
  rows: z
    .array(
      z.strictObject({
        row: auditRowSchema,
        /** Base64, from the leaf up; null: the row is younger than the checkpoint. */
        inclusion: z.array(z.base64()).max(MAX_STEPS).nullable(),
      }),
    )
    .max(MAX_PROVEN_ROWS),
});

/** Rows of a journal that can be verified without it: `proof.json` of an export. */
export type ScanProof = Readonly<z.output<typeof proofSchema>>;

/** Throws what is wrong with the form. */
export function readProof(text: string): ScanProof {
  return proofSchema.parse(JSON.parse(text));
}

/**
 * Proves rows of a spool, beside a running gateway or without one.
 * @param keys raw public keys of the gateway, for whoever has no other way to them.
 * @throws LynceusError LYN_SPOOL_MISSING, LYN_JOURNAL_VERSION
 */
export function proofOf(options: {
  readonly spoolPath: string;
  readonly site: string;
  readonly gateway: string;
  readonly sequences: readonly number[];
  readonly keys?: readonly Uint8Array[];
}): ScanProof {
  const { spoolPath, site, gateway, keys = [] } = options;
  const reader = openSpoolReader(spoolPath);
  try {
    const journal = reader.journal();
    const wanted = new Set(options.sequences.slice(0, MAX_PROVEN_ROWS));
    const rows = [...wanted].sort((a, b) => a - b).flatMap((sequence) => reader.auditRow(sequence) ?? []);
    const last = Math.max(0, ...wanted);
    const checkpoint = checkpointFor(readCheckpointsSync(spoolPath, journal), last);
    const tree = new MerkleTree();
    const size = checkpoint?.size ?? 0;
    for (const { sequence, hash } of reader.rowHashes()) {
      if (sequence > size) break;
      tree.append(leafHash(Buffer.from(hash, "hex")));
    }
    return {
      schema: "lynceus-proof/1",
      journal,
      source: `/${site}/${gateway}`,
      keys: keys.map((key) => ({ keyId: keyIdOf(key), publicKey: Buffer.from(key).toString("base64url") })),
      checkpoint: checkpoint?.note ?? null,
      rows: rows.map((row) => ({ row: provable(row), inclusion: inclusionOf(tree, row.sequence) })),
    };
  } finally {
    reader.close();
  }
}

/** Best one that central co-signed, else the newest of the gateway's own, that holds the last of the rows; else what there is. */
function checkpointFor(kept: readonly KeptCheckpoint[], last: number): KeptCheckpoint | undefined {
  const holding = kept.filter(({ size }) => size >= last);
  return holding.findLast(({ witnessed }) => witnessed) ?? holding.at(-1) ?? kept.at(-1);
}

function inclusionOf(tree: MerkleTree, sequence: number): string[] | null {
  if (sequence > tree.size) return null;
  return tree.inclusionProof(sequence - 1).map((step) => Buffer.from(step).toString("base64"));
}

/** What a proof shows. */
export interface ProofReport {
  readonly rows: number;
  /** Rows that stand under the checkpoint. */
  readonly proven: number;
  /** Rows under the checkpoint, and who co-signed it. */
  readonly checkpoint: { readonly size: number; readonly witness: string | null } | null;
  readonly broken: Broken | null;
}

/** Verifies a proof by itself. */
export function checkProof(
  proof: ScanProof,
  { keys, witnesses }: { readonly keys: readonly Uint8Array[]; readonly witnesses: readonly Uint8Array[] },
): ProofReport {
  const { journal, source } = proof;
  const counts = { rows: proof.rows.length, proven: 0 };
  const fail = (sequence: number | null, reason: string, message: string): ProofReport => ({
    ...counts,
    checkpoint: null,
    broken: { what: "proof", journal, sequence, reason, message },
  });
  const head = headOf(proof, keys, witnesses);
  if (head instanceof Error) return fail(null, "checkpoint", head.message);
  const keyObjects = new Map(keys.map((key) => [keyIdOf(key), ed25519PublicKey(key)]));
  const place = { journal, sources: new Set([source]) };
  for (const { row, inclusion } of proof.rows) {
    const fault = contentFault(row, place) ?? signatureFault(row, keyObjects);
    if (fault !== null)
      return fail(row.sequence, fault, `Row ${row.sequence} of the proof does not hold: ${fault}`);
    if (inclusion === null) {
      if (head !== null && row.sequence <= head.size)
        return fail(row.sequence, "inclusion", `The way of row ${row.sequence} to the checkpoint is missing`);
      continue;
    }
    if (head === null || !isIncluded(row, inclusion, head))
      return fail(row.sequence, "inclusion", `Row ${row.sequence} does not stand under the checkpoint`);
    counts.proven += 1;
  }
  return { ...counts, checkpoint: head && { size: head.size, witness: head.witness }, broken: null };
}

interface Head {
  readonly size: number;
  readonly root: Uint8Array;
  readonly witness: string | null;
}

function isIncluded(row: AuditRow, inclusion: readonly string[], { size, root }: Head): boolean {
  const proof = inclusion.map((step) => new Uint8Array(Buffer.from(step, "base64")));
  const leaf = leafHash(Buffer.from(row.hash, "hex"));
  return verifyInclusion({ index: row.sequence - 1, size, leaf, proof, root });
}

function headOf(
  { checkpoint, journal }: ScanProof,
  keys: readonly Uint8Array[],
  witnesses: readonly Uint8Array[],
): Head | Error | null {
  if (checkpoint === null) return null;
  try {
    const { text, signatures } = parseNote(checkpoint);
    const { origin, size, root } = parseCheckpoint(text);
    if (!origin.endsWith(`/${journal}`)) return new Error("The checkpoint is of another journal");
    const signers = signatures.map((each) => verifyNoteSignature(text, each, [...keys, ...witnesses]));
    if (signers.includes(null))
      return new Error("A signature of the checkpoint does not hold, or its key is not known");
    const own = signatures.some((each) => verifyNoteSignature(text, each, keys) !== null);
    if (!own) return new Error("The gateway did not sign the checkpoint");
    const witness = signatures.flatMap((each) => verifyNoteSignature(text, each, witnesses)?.name ?? []);
    return { size, root, witness: witness[0] ?? null };
  } catch (error) {
    return error as Error;
  }
}

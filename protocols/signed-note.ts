import { createHash, type KeyObject, verify } from "node:crypto";
import { ed25519PublicKey } from "./ed25519.ts";
import { LynceusError } from "./errors.ts";

/**
 * Checkpoints of the journal as signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature): a text of three lines
 * (origin, tree size, root hash in base64), an empty line, and a line for each signature.
 */

/** Longest note that is read, characters. */
export const MAX_NOTE_LENGTH = 4000;
/** Signatures read of a note; what follows is no note of this contract. */
const MAX_SIGNATURES = 16;
/** Signature types of C2SP signed-note: Ed25519 over the text, and a witness' Ed25519 cosignature with its time. */
const TYPE = { plain: 0x01, cosignature: 0x04 } as const;
const KEY_HASH_BYTES = 4;
const SIGNATURE_BYTES = 64;
const TIME_BYTES = 8;
const ORIGIN = /^[^\s+]{1,200}$/;
const SIGNATURE_LINE = /^— ([^\s+]{1,200}) ([A-Za-z0-9+/]+={0,2})$/;
const CHECKPOINT = /^([^\s+]{1,200})\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/;

/** What a checkpoint says. */
export interface Checkpoint {
  /** Names the log: `lynceus/SITE/GATEWAY/JOURNAL`. */
  readonly origin: string;
  /** Entries that the tree holds: sequence 1 … size. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

export interface NoteSignature {
  /** The key's name. */
  readonly name: string;
  /** Four bytes of the key's hash, then the signature. */
  readonly bytes: Uint8Array;
}

/** A note taken apart. */
export interface SignedNote {
  /** Ends with a line feed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Which key signed a note, and as what. `at`: the time a witness gives, s since the epoch; null for a plain signature. */
export interface NoteSigner {
  readonly name: string;
  readonly at: number | null;
}

/** Origin of a journal's checkpoints. */
export function checkpointOrigin(place: { site: string; gateway: string; journal: string }): string {
  return `lynceus/${place.site}/${place.gateway}/${place.journal}`;
}

/** The text that is signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
}

/**
 * Reads the text of a checkpoint. Extension lines are none of this contract.
 * @throws LynceusError `LYN_NOTE`
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [, origin = "", size = "", root = ""] = CHECKPOINT.exec(text) ?? [];
  const bytes = new Uint8Array(Buffer.from(root, "base64"));
  if (origin === "" || Buffer.from(bytes).toString("base64") !== root) throw refused("it is no checkpoint");
  return { origin, size: Number(size), root: bytes };
}

/**
 * Takes a note apart. Nothing is verified.
 * @throws LynceusError `LYN_NOTE`
 */
export function parseNote(note: string): SignedNote {
  if (note.length > MAX_NOTE_LENGTH) throw refused(`it is longer than ${MAX_NOTE_LENGTH} characters`);
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) throw refused("it has no signatures");
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw refused(`it has more than ${MAX_SIGNATURES} signatures`);
  return { text: note.slice(0, end + 1), signatures: lines.map(readSignature) };
}

/** Puts a note together. */
export function formatNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(({ name, bytes }) => `— ${name} ${Buffer.from(bytes).toString("base64")}\n`);
  return `${text}\n${lines.join("")}`;
}

/**
 * A plain signature over the text, made elsewhere.
 * @param signature Ed25519 over the UTF-8 of the text, 64 bytes.
 */
export function plainSignature(name: string, publicKey: Uint8Array, signature: Uint8Array): NoteSignature {
  if (!ORIGIN.test(name)) throw refused("the name of its key has spaces or +");
  return { name, bytes: joined(keyHash(name, TYPE.plain, publicKey), signature) };
}

/** What a witness signs: the text under a head with its time (tlog-cosignature). @param at s since the epoch. */
export function cosignedMessage(text: string, at: number): string {
  return `cosignature/v1\ntime ${at}\n${text}`;
}

/** A witness' signature over {@link cosignedMessage}. */
export function cosignature(
  name: string,
  publicKey: Uint8Array,
  { at, signature }: { readonly at: number; readonly signature: Uint8Array },
): NoteSignature {
  if (!ORIGIN.test(name)) throw refused("the name of its key has spaces or +");
  const time = new Uint8Array(TIME_BYTES);
  new DataView(time.buffer).setBigUint64(0, BigInt(at));
  return { name, bytes: joined(keyHash(name, TYPE.cosignature, publicKey), time, signature) };
}

/** By which of the keys a signature of a note is; null where it is by none of them or does not hold. */
export function verifyNoteSignature(
  text: string,
  signature: NoteSignature,
  publicKeys: readonly Uint8Array[],
): (NoteSigner & { readonly publicKey: Uint8Array }) | null {
  const { name, bytes } = signature;
  const plain = bytes.length === KEY_HASH_BYTES + SIGNATURE_BYTES;
  if (!plain && bytes.length !== KEY_HASH_BYTES + TIME_BYTES + SIGNATURE_BYTES) return null;
  for (const publicKey of publicKeys) {
    const expected = keyHash(name, plain ? TYPE.plain : TYPE.cosignature, publicKey);
    if (!expected.every((byte, at) => byte === bytes[at])) continue;
    const at = plain
      ? null
      : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(KEY_HASH_BYTES));
    const message = at === null ? text : cosignedMessage(text, at);
    const rest = bytes.subarray(bytes.length - SIGNATURE_BYTES);
    if (holds(message, rest, ed25519PublicKey(publicKey))) return { name, at, publicKey };
  }
  return null;
}

function holds(message: string, signature: Uint8Array, key: KeyObject): boolean {
  return verify(null, Buffer.from(message, "utf8"), key, signature);
}

/** First four bytes of SHA-256(name ‖ LF ‖ type ‖ public key). */
function keyHash(name: string, type: number, publicKey: Uint8Array): Uint8Array {
  const digest = createHash("sha256")
    .update(`${name}\n`, "utf8")
    .update(Uint8Array.of(type))
    .update(publicKey);
  return new Uint8Array(digest.digest().subarray(0, KEY_HASH_BYTES));
}

function readSignature(line: string): NoteSignature {
  const [, name = "", base64 = ""] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  if (name === "" || bytes.length <= KEY_HASH_BYTES || Buffer.from(bytes).toString("base64") !== base64)
    throw refused("a signature line cannot be read");
  return { name, bytes };
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function refused(why: string): LynceusError {
  return new LynceusError("LYN_NOTE", `The signed note cannot be used: ${why}`, {
    remedy: "Send a checkpoint as C2SP signed-note and tlog-checkpoint say: origin, size, root, signatures.",
    details: { why },
  });
}

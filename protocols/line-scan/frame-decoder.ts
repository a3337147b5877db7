import { crc32 } from "node:zlib";
import {
  FLAG_JSON,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  FRAME_TRAILER_BYTES,
  FRAME_TYPES,
  MAX_FRAME_BYTES,
  MAX_PAYLOAD_BYTES,
  SEQUENCE_MODULUS,
} from "./frame.ts";

const [M0, M1, M2, M3] = FRAME_MAGIC as unknown as readonly [number, number, number, number];

/** A frame whose CRC is right. */
export interface DecodedFrame {
  readonly kind: "frame";
  /** u8, see `FRAME_TYPES`; may be a type this version does not know, to be ignored. */
  readonly type: number;
  /** Flags bit 0: the payload is JSON. */
  readonly json: boolean;
  /** u32. */
  readonly sequence: number;
  /** The payload in a buffer of its own, at most 1 MiB. */
  readonly payload: Uint8Array;
}

/** Why the stream lost sync; the codes of a NAK. */
export const FRAME_FAULT_CODES = ["BAD_CRC", "BAD_LENGTH", "BAD_SEQUENCE"] as const;
export type FrameFaultCode = (typeof FRAME_FAULT_CODES)[number];

/** One loss of sync: exactly one fault, however many bytes are skipped until the next good frame. */
export interface FrameFault {
  readonly kind: "fault";
  readonly code: FrameFaultCode;
  /** Plain words for the NAK's message. */
  readonly message: string;
  /** The sequence number in question: the frame's own where its header was read, else the one expected. */
  readonly sequence: number;
  /** Offset of the fault in the stream, bytes from its start. */
  readonly offset: number;
}

export type DecoderOutput = DecodedFrame | FrameFault;

/**
 * In sync; or lost since a frame was damaged (any good frame ends that, its sequence is taken as it comes); or frames are
 * out of order (two consecutive numbers end that, so that a swapped pair costs one NAK and not three).
 */
type Sync = "synced" | "lost" | "disordered";

/** Initial size of the buffer for a frame that arrives in pieces, bytes. */
const FIRST_CAPACITY = 64 * 1024;
/** The buffer never grows beyond two frames; the contract allows eight a connection. */
const MAX_CAPACITY = 2 * MAX_FRAME_BYTES;

/**
 * Checksum work that may be wasted on frames that prove bad, bytes, before large ones are no longer tried. Only a hostile
 * sender, whose magics lie thick and all claim 1 MiB, gets here: without a limit each of its bytes would cost a megabyte.
 */
const MAX_WASTED_BYTES = 64 * 1024 * 1024;
/** Frames up to this size are tried even then, so that the next heartbeat ends the caution. */
const ALWAYS_TRIED_BYTES = 4096;

/**
 * Splits a byte stream into line-scan frames and finds its way back after damage (`line-scan.md`, "Errors").
 *
 * Give it bytes as they come with {@link push}. After a fault the search resumes right behind the magic of the damaged
 * frame, so a false magic or a wrong length delays good frames but never swallows them. The class keeps no clock: when
 * {@link unfinishedAt} stays the same number for 5 s, call {@link abandonUnfinished}.
 *
 * Memory: at most two frames (2.1 MB), besides what one `push` returns. A frame that lies wholly within one chunk is
 * copied once, one that arrives in pieces twice.
 */
export class FrameDecoder {
  #buffer = new Uint8Array(FIRST_CAPACITY);
  #head = 0;
  #tail = 0;
  /** Stream offset of the first byte that is not yet consumed. */
  #position = 0;
  #sync: Sync = "synced";
  #expected = 0;
  /** Bytes checksummed in vain since the last good frame. */
  #wasted = 0;
  #out: DecoderOutput[] = [];

  /** Stream offset at which an unfinished frame begins, or null when nothing is pending. */
  get unfinishedAt(): number | null {
    return this.#tail > this.#head ? this.#position : null;
  }

  /** Bytes of memory held for an unfinished frame. */
  get capacityBytes(): number {
    return this.#buffer.length;
  }

  /** Takes the next bytes of the stream; returns the frames and faults they complete, in stream order. */
  push(chunk: Uint8Array): readonly DecoderOutput[] {
    let rest = chunk;
    while (this.#tail > this.#head && rest.length > 0) {
      const taken = Math.min(rest.length, this.#missingBytes());
      this.#append(rest.subarray(0, taken));
      rest = rest.subarray(taken);
      this.#head += this.#consume(this.#buffer.subarray(this.#head, this.#tail));
    }
    if (rest.length > 0) {
      const consumed = this.#consume(rest);
      this.#append(rest.subarray(consumed));
    }
    return this.#flush();
  }

  /**
   * Gives up the unfinished frame, if there is one, and resumes the search behind its magic. For the caller's 5 s timer.
   * @returns the fault (unless sync was lost before) and any frames that the given-up one had covered.
   */
  abandonUnfinished(): readonly DecoderOutput[] {
    if (this.#tail > this.#head) {
      const pending = this.#buffer.subarray(this.#head, this.#tail);
      this.#lose("BAD_LENGTH", "A frame stayed unfinished", this.#sequenceIn(pending));
      const skipped = Math.min(FRAME_MAGIC.length, pending.length);
      this.#position += skipped;
      this.#head += skipped + this.#consume(pending.subarray(skipped));
    }
    return this.#flush();
  }

  #flush(): readonly DecoderOutput[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** How many bytes complete the next decision on what is pending: its header, or its whole frame. */
  #missingBytes(): number {
    const held = this.#tail - this.#head;
    if (held < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES - held;
    return frameBytes(this.#buffer, this.#head) - held;
  }

  #append(bytes: Uint8Array): void {
    if (this.#head === this.#tail) this.#head = this.#tail = 0;
    const held = this.#tail - this.#head;
    if (this.#tail + bytes.length > this.#buffer.length) this.#makeRoom(held, held + bytes.length);
    this.#buffer.set(bytes, this.#tail);
    this.#tail += bytes.length;
  }

  #makeRoom(held: number, needed: number): void {
    // Twice what is needed, so that moving the bytes down again costs no more than they did to arrive.
    let capacity = this.#buffer.length;
    while (capacity < 2 * needed && capacity < MAX_CAPACITY) capacity = Math.min(capacity * 2, MAX_CAPACITY);
    if (capacity > this.#buffer.length) {
      const larger = new Uint8Array(capacity);
      larger.set(this.#buffer.subarray(this.#head, this.#tail));
      this.#buffer = larger;
    } else {
      this.#buffer.copyWithin(0, this.#head, this.#tail);
    }
    this.#head = 0;
    this.#tail = held;
  }

  /** Decodes what is complete in `bytes`; returns how many were consumed. What is left may be the start of a frame. */
  #consume(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      const start = findMagic(bytes, at);
      if (start > at) {
        this.#lose("BAD_LENGTH", "Bytes where a frame should begin", this.#expected);
        this.#position += start - at;
        at = start;
      }
      if (bytes.length - at < FRAME_HEADER_BYTES) break;
      const step = this.#consumeFrame(bytes, at);
      if (step === 0) break;
      this.#position += step;
      at += step;
    }
    return at;
  }

  /** Takes the frame at `at`; returns the bytes to advance, 0 while it is unfinished. */
  #consumeFrame(bytes: Uint8Array, at: number): number {
    const size = frameBytes(bytes, at);
    if (size > MAX_FRAME_BYTES) {
      const length = readU32(bytes, at + 12);
      this.#lose(
        "BAD_LENGTH",
        `Payload length ${length} is over ${MAX_PAYLOAD_BYTES}`,
        readU32(bytes, at + 8),
      );
      return FRAME_MAGIC.length;
    }
    if (this.#wasted > MAX_WASTED_BYTES && size > ALWAYS_TRIED_BYTES) return FRAME_MAGIC.length;
    if (bytes.length - at < size) return 0;
    const end = at + size - FRAME_TRAILER_BYTES;
    if (crc32(bytes.subarray(at, end)) !== readU32(bytes, end)) {
      this.#wasted += size;
      this.#lose("BAD_CRC", "The CRC of a frame is wrong", readU32(bytes, at + 8));
      return FRAME_MAGIC.length;
    }
    this.#accept(bytes.subarray(at, end));
    return size;
  }

  #accept(frame: Uint8Array): void {
    this.#wasted = 0;
    const type = frame[4] ?? 0;
    const sequence = readU32(frame, 8);
    // A new HELLO restarts the sequence: on a serial line nothing else tells that the scanner has restarted.
    const inOrder = sequence === this.#expected || type === FRAME_TYPES.HELLO;
    if (inOrder || this.#sync === "lost") {
      this.#sync = "synced";
    } else {
      const message = `Sequence ${sequence} where ${this.#expected} was expected`;
      this.#lose("BAD_SEQUENCE", message, sequence);
      this.#sync = "disordered";
    }
    this.#expected = (sequence + 1) % SEQUENCE_MODULUS;
    const json = ((frame[5] ?? 0) & FLAG_JSON) !== 0;
    // A constructor copies; slice() would not where the bytes came as a Node Buffer.
    const payload = new Uint8Array(frame.subarray(FRAME_HEADER_BYTES));
    this.#out.push({ kind: "frame", type, json, sequence, payload });
  }

  #lose(code: FrameFaultCode, message: string, sequence: number): void {
    const reported = this.#sync !== "synced";
    this.#sync = "lost";
    if (!reported) this.#out.push({ kind: "fault", code, message, sequence, offset: this.#position });
  }

  #sequenceIn(pending: Uint8Array): number {
    return pending.length >= 12 ? readU32(pending, 8) : this.#expected;
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)) >>>
    0
  );
}

/** Size of the frame whose header begins at `at`, as the header says it, bytes. */
function frameBytes(bytes: Uint8Array, at: number): number {
  return FRAME_HEADER_BYTES + readU32(bytes, at + 12) + FRAME_TRAILER_BYTES;
}

/** Where the magic begins at or after `from`; where it may begin in the last three bytes; else the end. */
function findMagic(bytes: Uint8Array, from: number): number {
  const end = bytes.length;
  for (let at = from; at < end; at += 1) {
    if (bytes[at] !== M0) continue;
    if ((bytes[at + 1] ?? M1) === M1 && (bytes[at + 2] ?? M2) === M2 && (bytes[at + 3] ?? M3) === M3)
      return at;
  }
  return end;
}

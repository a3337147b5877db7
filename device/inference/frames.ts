import { LynceusError } from "../../protocols/errors.ts";

/** Largest message either way, bytes: an analysis with its embeddings takes some 100 kB. */
export const MAX_FRAME_BYTES = 8 << 20;
const HEAD_BYTES = 4;

/** A message as it goes over the socket: its length (u32 little-endian), then JSON. Throws LYN_INFERENCE_SOCKET where it is too long. */
export function encodeFrame(message: unknown): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify(message));
  if (body.length > MAX_FRAME_BYTES)
    throw broken(`a message of ${body.length} bytes is over ${MAX_FRAME_BYTES}`);
  const frame = new Uint8Array(HEAD_BYTES + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, true);
  frame.set(body, HEAD_BYTES);
  return frame;
}

/** Messages out of bytes. Holds one message at most; a length beyond the bound is refused before anything of it is kept. */
export class FrameReader {
  #parts: Uint8Array[] = [];
  #held = 0;

  /** Throws LYN_INFERENCE_SOCKET; nothing can be read after that. */
  push(bytes: Uint8Array): unknown[] {
    this.#parts.push(bytes);
    this.#held += bytes.length;
    const messages: unknown[] = [];
    for (let length = this.#length(); length !== null; length = this.#length()) {
      if (length > MAX_FRAME_BYTES) throw broken(`a message of ${length} bytes is announced`);
      if (this.#held < HEAD_BYTES + length) break;
      messages.push(parse(this.#take(HEAD_BYTES + length).subarray(HEAD_BYTES)));
    }
    return messages;
  }

  #length(): number | null {
    if (this.#held < HEAD_BYTES) return null;
    const head = this.#whole();
    return new DataView(head.buffer, head.byteOffset).getUint32(0, true);
  }

  #take(count: number): Uint8Array {
    const whole = this.#whole();
    this.#parts = [whole.subarray(count)];
    this.#held -= count;
    return whole.subarray(0, count);
  }

  /** Joined only when the first part alone does not tell. */
  #whole(): Uint8Array {
    const [first] = this.#parts;
    if (first !== undefined && this.#parts.length === 1) return first;
    if (first !== undefined && first.length >= HEAD_BYTES) {
      const length = new DataView(first.buffer, first.byteOffset).getUint32(0, true);
      if (length > MAX_FRAME_BYTES || this.#held < HEAD_BYTES + length) return first;
    }
    const whole = new Uint8Array(Buffer.concat(this.#parts));
    this.#parts = [whole];
    return whole;
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw broken("a message is no JSON", cause);
  }
}

function broken(why: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_INFERENCE_SOCKET", `The talk with the analysis process broke off: ${why}`, {
    remedy: "Run the gateway and the models' process of the same version; nothing else may use their socket.",
    cause,
  });
}

import type { Fault, ScanFaults } from "./faults.ts";

/** What goes onto the wire in place of a frame. */
export interface Shaped {
  readonly chunks: readonly Uint8Array[];
  /** The link dies after the chunks. */
  readonly cut: boolean;
}

const OVERSIZE_BYTES = 2 * 1024 * 1024;
const LENGTH_OFFSET = 12;
const FRAME_KINDS = ["cut-link", "torn-frame", "wrong-crc", "out-of-order", "oversize-length"] as const;
type FrameFault = Extract<Fault, { kind: (typeof FRAME_KINDS)[number] }>;

/** Damages the frames of one transmission as the script says. Frames are counted from 0, SCAN_START. */
export class FrameFaults {
  readonly #faults: readonly FrameFault[];
  #number = 0;
  #held: Uint8Array | null = null;

  constructor(faults: ScanFaults) {
    this.#faults = FRAME_KINDS.flatMap((kind) => faults.of(kind));
  }

  /** Takes the next frame's bytes; returns what is sent for it. */
  shape(bytes: Uint8Array): Shaped {
    const number = this.#number++;
    const fault = this.#faults.find((entry) => entry.frame === number);
    if (fault?.kind === "out-of-order") {
      this.#held = bytes;
      return { chunks: [], cut: false };
    }
    const shaped = damage(bytes, fault);
    if (this.#held === null) return shaped;
    const chunks = [...shaped.chunks, this.#held];
    this.#held = null;
    return { chunks, cut: shaped.cut };
  }
}

function damage(bytes: Uint8Array, fault: FrameFault | undefined): Shaped {
  const half = bytes.subarray(0, bytes.length >> 1);
  if (fault?.kind === "cut-link") return { chunks: [half], cut: true };
  if (fault?.kind === "torn-frame") return { chunks: [half], cut: false };
  if (fault === undefined) return { chunks: [bytes], cut: false };
  const copy = bytes.slice();
  if (fault.kind === "wrong-crc") copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 0xff;
  else new DataView(copy.buffer).setUint32(LENGTH_OFFSET, OVERSIZE_BYTES, true);
  return { chunks: [copy], cut: false };
}

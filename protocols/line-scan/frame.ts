import { crc32 } from "node:zlib";
import { LynceusError } from "../errors.ts";

/** Frame types of the line-scan stream (`line-scan.md`), by name. 129 and up are gateway → scanner. */
export const FRAME_TYPES = {
  HELLO: 1,
  SCAN_START: 2,
  LINES: 3,
  SCAN_END: 4,
  EVENT: 5,
  HEARTBEAT: 6,
  ACK: 129,
  NAK: 130,
  FLOW: 131,
  RESULT: 132,
} as const;
export type FrameTypeName = keyof typeof FRAME_TYPES;
export type FrameType = (typeof FRAME_TYPES)[FrameTypeName];

/** `4C 58 53 31`, "LXS1". */
export const FRAME_MAGIC = Uint8Array.of(0x4c, 0x58, 0x53, 0x31);
/** Bytes before the payload. */
export const FRAME_HEADER_BYTES = 16;
/** Bytes after the payload: CRC-32, IEEE 802.3. */
export const FRAME_TRAILER_BYTES = 4;
/** The largest payload, bytes. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** The largest frame, bytes. */
export const MAX_FRAME_BYTES = FRAME_HEADER_BYTES + MAX_PAYLOAD_BYTES + FRAME_TRAILER_BYTES;
/** Bit 0 of the flags: the payload is JSON. */
export const FLAG_JSON = 1;
/** One past the largest sequence number, u32. */
export const SEQUENCE_MODULUS = 0x1_0000_0000;

export interface FrameInput {
  /** Frame type, u8; see {@link FRAME_TYPES}. */
  readonly type: number;
  /** u32, from 0, +1 per frame in each direction. */
  readonly sequence: number;
  /** At most {@link MAX_PAYLOAD_BYTES} bytes; empty when absent. */
  readonly payload?: Uint8Array;
  /** Whether the payload is JSON (flags bit 0); false when absent. */
  readonly json?: boolean;
}

function requireUnsigned(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new LynceusError("LYN_FRAME_ENCODE", `Frame ${name} ${value} is not an integer from 0 to ${max}`, {
    remedy: `Give a ${name} within 0 … ${max}`,
    details: { [name]: value },
  });
}

/**
 * Encodes one frame, little-endian, with its CRC.
 * @returns `16 + payload + 4` bytes in a buffer of its own.
 * @throws LynceusError `LYN_FRAME_ENCODE` for a type, sequence or payload out of range.
 */
export function encodeFrame({ type, sequence, payload, json = false }: FrameInput): Uint8Array {
  const length = payload?.length ?? 0;
  requireUnsigned("type", type, 0xff);
  requireUnsigned("sequence", sequence, SEQUENCE_MODULUS - 1);
  requireUnsigned("length", length, MAX_PAYLOAD_BYTES);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + length + FRAME_TRAILER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(FRAME_MAGIC, 0);
  bytes[4] = type;
  bytes[5] = json ? FLAG_JSON : 0;
  view.setUint32(8, sequence, true);
  view.setUint32(12, length, true);
  if (payload !== undefined) bytes.set(payload, FRAME_HEADER_BYTES);
  const end = FRAME_HEADER_BYTES + length;
  view.setUint32(end, crc32(bytes.subarray(0, end)), true);
  return bytes;
}

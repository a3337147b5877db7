import { dicomError } from "../errors.ts";

/** Codes of so many bits are found at once; longer ones are rare. */
const LOOKUP_BITS = 10;
const MAX_CODE_BITS = 16;
/** Categories of a difference: 0 to 16 bits. */
const MAX_CATEGORY = 16;

/** A Huffman table of differences (ITU-T T.81 annex C): for a code its category. */
export interface HuffmanTable {
  /** By the next {@link LOOKUP_BITS} bits: length × 256 + category; 0 for a longer code. */
  readonly lookup: Uint16Array;
  /** By length: the last code, −1 without any. */
  readonly lastCode: Int32Array;
  /** By length: what is added to a code to find its value. */
  readonly offset: Int32Array;
  readonly values: Uint8Array;
}

/**
 * The table of a DHT segment. `counts`: codes of 1 to 16 bits; `values`: their categories in order.
 * @throws LYN_DICOM_CODEC where there are more codes than their lengths have room for, or a category there is not.
 */
export function huffmanTable(counts: Uint8Array, values: Uint8Array): HuffmanTable {
  if (values.some((value) => value > MAX_CATEGORY)) throw broken("its Huffman table has categories over 16");
  const lookup = new Uint16Array(1 << LOOKUP_BITS);
  const lastCode = new Int32Array(MAX_CODE_BITS + 1).fill(-1);
  const offset = new Int32Array(MAX_CODE_BITS + 1);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    const count = counts[length - 1] ?? 0;
    if (code + count > 1 << length) throw broken("its Huffman table has too many codes");
    offset[length] = index - code;
    for (let end = code + count; code < end; code++, index++) {
      lastCode[length] = code;
      if (length > LOOKUP_BITS) continue;
      const from = code << (LOOKUP_BITS - length);
      lookup.fill((length << 8) | (values[index] ?? 0), from, from + (1 << (LOOKUP_BITS - length)));
    }
    code <<= 1;
  }
  return { lookup, lastCode, offset, values };
}

/** Differences out of the bits between two restarts (T.81 H.1.2.2), stuffing taken out. */
export class DifferenceReader {
  readonly #bytes: Uint8Array;
  readonly #table: HuffmanTable;
  #at = 0;
  /** The last bits taken from the bytes; the lowest `#count` of them are still to be read. */
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array, table: HuffmanTable) {
    this.#bytes = bytes;
    this.#table = table;
  }

  /** Fills `out`. @throws LYN_DICOM_CODEC for a code that there is not, or bytes that end early. */
  read(out: Int32Array): void {
    const bytes = this.#bytes;
    const { lookup } = this.#table;
    let [at, bits, count] = [this.#at, this.#bits, this.#count];
    for (let index = 0; index < out.length; index++) {
      // Behind the end come zeros, so that the last codes can be read; that too much was taken shows afterwards.
      if (count < MAX_CODE_BITS) for (; count <= 24; count += 8) bits = (bits << 8) | (bytes[at++] ?? 0);
      const found = lookup[(bits >>> (count - LOOKUP_BITS)) & ((1 << LOOKUP_BITS) - 1)]!;
      const entry = found === 0 ? this.#longCode(bits, count) : found;
      count -= entry >> 8;
      const category = entry & 0xff;
      if (category === 0) out[index] = 0;
      else if (category === MAX_CATEGORY) out[index] = 1 << 15;
      else {
        if (count < category) for (; count <= 24; count += 8) bits = (bits << 8) | (bytes[at++] ?? 0);
        count -= category;
        const value = (bits >>> count) & ((1 << category) - 1);
        out[index] = value < 1 << (category - 1) ? value - (1 << category) + 1 : value;
      }
    }
    if (at * 8 - count > bytes.length * 8) throw broken("its bits end early");
    [this.#at, this.#bits, this.#count] = [at, bits, count];
  }

  #longCode(bits: number, count: number): number {
    const { lastCode, offset, values } = this.#table;
    for (let length = LOOKUP_BITS + 1; length <= MAX_CODE_BITS; length++) {
      const code = (bits >>> (count - length)) & ((1 << length) - 1);
      if (code <= lastCode[length]!) return (length << 8) | values[code + offset[length]!]!;
    }
    throw broken("it has a code that is in no table");
  }
}

function broken(message: string) {
  return dicomError("LYN_DICOM_CODEC", `a frame of JPEG lossless cannot be decoded: ${message}`);
}

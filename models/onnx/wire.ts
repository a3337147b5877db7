/** The little of the protobuf wire format that an ONNX file needs, read within bounds and without copying. */

/** Most fields read of one file: a graph of twenty thousand nodes has some ten each. */
export const MAX_FIELDS = 500_000;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const MAX_VARINT_BYTES = 10;

/** One field: a number, or the bytes of a message, string or packed list. */
export interface WireField {
  readonly id: number;
  /** Whole number of a varint; 0 for the fixed widths, whose values nobody asks for. */
  readonly integer: number;
  /** Absent for numbers. */
  readonly bytes: Uint8Array | undefined;
}

/** Why bytes are no protobuf message. */
export class WireFault extends Error {
  override readonly name = "WireFault";
}

/** Counts what is read of one file, over all its messages. */
export interface WireBudget {
  fields: number;
}

/** The fields of a message, in order. @throws WireFault where it is cut short, malformed or beyond {@link MAX_FIELDS}. */
export function* fieldsOf(message: Uint8Array, budget: WireBudget): Generator<WireField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let read = 0; read < MAX_VARINT_BYTES; read++) {
      const byte = message[at++];
      if (byte === undefined) throw new WireFault("a number is cut short");
      // Beyond 2^53 only the sign of negative numbers is of interest, and none is used here.
      value += (byte & 127) * 2 ** (7 * read);
      if (byte < 128) return value;
    }
    throw new WireFault("a number has more than ten bytes");
  };
  while (at < message.length) {
    if (++budget.fields > MAX_FIELDS) throw new WireFault(`more than ${MAX_FIELDS} fields`);
    const key = varint();
    const [id, kind] = [Math.floor(key / 8), key % 8];
    if (kind === VARINT) {
      yield { id, integer: varint(), bytes: undefined };
      continue;
    }
    const length = kind === BYTES ? varint() : kind === FIXED64 ? 8 : kind === FIXED32 ? 4 : -1;
    if (length < 0) throw new WireFault(`a field of the unknown kind ${kind}`);
    if (length > message.length - at) throw new WireFault("a field is longer than what holds it");
    const bytes = message.subarray(at, at + length);
    at += length;
    yield { id, integer: 0, bytes: kind === BYTES ? bytes : undefined };
  }
}

/** Whole numbers of a packed list. @throws WireFault */
export function packedOf(bytes: Uint8Array): number[] {
  const values: number[] = [];
  let value = 0;
  let shift = 0;
  for (const byte of bytes) {
    value += (byte & 127) * 2 ** shift;
    shift += 7;
    if (byte < 128) {
      values.push(value);
      value = 0;
      shift = 0;
    } else if (shift > 7 * MAX_VARINT_BYTES) throw new WireFault("a number has more than ten bytes");
  }
  if (shift > 0) throw new WireFault("a number is cut short");
  return values;
}

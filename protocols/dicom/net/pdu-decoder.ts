import { dicomError } from "../errors.ts";
import { NET_LIMITS } from "./limits.ts";
import { PDU } from "./pdu.ts";

/** What comes out of the byte stream of a peer. */
export type PduEvent =
  /** A whole PDU of any type but P-DATA-TF. */
  | { readonly type: "control"; readonly pdu: number; readonly body: Uint8Array }
  /** A piece of a presentation data value, as it came; `last`: the message's command or data set ends with it. */
  | {
      readonly type: "data";
      readonly contextId: number;
      readonly command: boolean;
      readonly last: boolean;
      readonly bytes: Uint8Array;
    };

const HEADER = 6;
const PDV_HEADER = 6;
const EMPTY = new Uint8Array(0);

/**
 * Takes the bytes of a peer apart (PS3.8, 9.3), in pieces of any size. Data values are handed on piece by piece and never
 * collected, so that a length that is only claimed costs nothing.
 */
export class PduDecoder {
  readonly #header = new Uint8Array(HEADER);
  #filled = 0;
  /** The control PDU under way; grows with what has come, not with what is claimed. */
  #control: Uint8Array = EMPTY;
  #collected = 0;
  #type = 0;
  /** Bytes of the PDU still to come; -1 between PDUs. */
  #left = -1;
  /** Bytes of the data value still to come; -1 before its header. */
  #value = -1;
  #contextId = 0;
  #flags = 0;

  /** Whether the stream stands between two PDUs. */
  get idle(): boolean {
    return this.#left < 0 && this.#filled === 0;
  }

  /** @throws LYN_DICOM_PDU: what follows cannot be understood, the association is to be aborted. */
  *push(chunk: Uint8Array): Generator<PduEvent, void, void> {
    let at = 0;
    while (at < chunk.length || (this.#left === 0 && this.#type !== 0)) {
      if (this.#left < 0) {
        at += this.#fill(chunk.subarray(at), HEADER);
        if (this.#filled === HEADER) this.#begin();
        continue;
      }
      if (this.#type !== PDU.data) {
        at += this.#collect(chunk.subarray(at));
        if (this.#left > 0) continue;
        const event = {
          type: "control",
          pdu: this.#type,
          body: this.#control.subarray(0, this.#collected),
        } as const;
        this.#end();
        yield event;
        continue;
      }
      if (this.#value < 0) {
        if (this.#left === 0) {
          if (this.#filled > 0) throw broken("a data value without its header");
          this.#end();
          continue;
        }
        at += this.#fill(chunk.subarray(at), PDV_HEADER);
        if (this.#filled < PDV_HEADER) continue;
        this.#beginValue();
        if (this.#value > 0) continue;
        yield this.#piece(EMPTY);
        continue;
      }
      const piece = chunk.subarray(at, at + this.#value);
      at += piece.length;
      this.#value -= piece.length;
      this.#left -= piece.length;
      yield this.#piece(piece);
    }
  }

  #fill(bytes: Uint8Array, wanted: number): number {
    const taken = Math.min(wanted - this.#filled, bytes.length);
    this.#header.set(bytes.subarray(0, taken), this.#filled);
    this.#filled += taken;
    return taken;
  }

  #begin(): void {
    const length = new DataView(this.#header.buffer).getUint32(2);
    this.#type = this.#header[0] ?? 0;
    this.#filled = 0;
    if (this.#type < PDU.associateRequest || this.#type > PDU.abort)
      throw broken(`a PDU of type ${this.#type}`);
    const limit = this.#type === PDU.data ? NET_LIMITS.maxDataPdu : NET_LIMITS.maxControlPdu;
    if (length > limit) throw broken(`a PDU of ${length} bytes, more than ${limit}`);
    this.#left = length;
    this.#control = EMPTY;
    this.#collected = 0;
  }

  #end(): void {
    this.#left = -1;
    this.#type = 0;
    this.#control = EMPTY;
  }

  #collect(bytes: Uint8Array): number {
    const piece = bytes.subarray(0, this.#left);
    const needed = this.#collected + piece.length;
    if (needed > this.#control.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#control.length));
      grown.set(this.#control.subarray(0, this.#collected));
      this.#control = grown;
    }
    this.#control.set(piece, this.#collected);
    this.#collected = needed;
    this.#left -= piece.length;
    return piece.length;
  }

  #beginValue(): void {
    const length = new DataView(this.#header.buffer).getUint32(0);
    this.#filled = 0;
    this.#left -= PDV_HEADER;
    if (length < 2 || length - 2 > this.#left) throw broken("a data value that does not fit its PDU");
    this.#value = length - 2;
    this.#contextId = this.#header[4] ?? 0;
    this.#flags = this.#header[5] ?? 0;
  }

  #piece(bytes: Uint8Array): PduEvent {
    const ended = this.#value === 0;
    if (ended) this.#value = -1;
    const flags = this.#flags;
    const last = ended && (flags & 2) !== 0;
    return { type: "data", contextId: this.#contextId, command: (flags & 1) !== 0, last, bytes };
  }
}

function broken(message: string) {
  return dicomError("LYN_DICOM_PDU", `the peer sent ${message}`);
}

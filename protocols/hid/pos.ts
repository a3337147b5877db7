import { LynceusError } from "../errors.ts";
import { MAX_SCAN_TEXT } from "../identifiers/identify.ts";
import { type HidField, type HidReports, offsetOf } from "./descriptor.ts";

/** Usages of the bar code scanner page (HID POS usage tables 1.02), page in the upper 16 bits. */
const USAGE = {
  byteCount: 0x0001_003b,
  preventRead: 0x008c_005f,
  initiateRead: 0x008c_0060,
  errorBeep: 0x008c_0085,
  goodReadBeep: 0x008c_0086,
  symbology: [0x008c_00fb, 0x008c_00fc, 0x008c_00fd],
  decodedData: 0x008c_00fe,
  continued: 0x008c_00ff,
} as const;

/** What a reader can be told, where it offers it. */
export type PosCommand = "trigger" | "beep-good" | "beep-error" | "hold" | "release";

/** Where a reader's report has what, bits after the report id. */
interface Layout {
  readonly reportId: number;
  readonly numbered: boolean;
  /** Absent: the data ends at the first zero. */
  readonly length: Place | null;
  /** The three characters of the AIM identifier; null where the reader sends none. */
  readonly symbology: readonly number[] | null;
  readonly data: { readonly offset: number; readonly bytes: number };
  readonly continued: number | null;
}

interface Place {
  readonly offset: number;
  readonly bits: number;
}

/** A label, or one that grew too long, or a report whose length does not fit it. */
export type PosResult =
  | { readonly kind: "label"; readonly text: string }
  | { readonly kind: "overlong"; readonly limit: number }
  | { readonly kind: "malformed" };

/**
 * Reads the input reports of a HID POS reader by the offsets of its report descriptor. A label longer than a report comes in
 * several, each but the last marked as continued. Memory: one label of {@link MAX_SCAN_TEXT} characters.
 */
export class PosDecoder {
  readonly #layout: Layout;
  #text = "";
  #dropping = false;

  /** @throws LynceusError `LYN_HID_DESCRIPTOR` where the descriptor is not that of a bar code reader. */
  constructor(reports: HidReports) {
    this.#layout = layoutOf(reports);
  }

  /** Characters of a label that is not whole yet. */
  get pending(): number {
    return this.#text.length;
  }

  /** Forgets a label that is not whole: its rest has not come in time. */
  reset(): void {
    this.#text = "";
    this.#dropping = false;
  }

  /** Takes a report, its id first where reports are numbered; null: no label is whole with it. */
  push(report: Uint8Array): PosResult | null {
    const { reportId, numbered, continued } = this.#layout;
    if (numbered && report[0] !== reportId) return null;
    const body = numbered ? report.subarray(1) : report;
    const part = this.#partOf(body);
    if (part === null) {
      this.reset();
      return { kind: "malformed" };
    }
    const more = continued !== null && bitsAt(body, continued, 1) === 1;
    return this.#add(part, more, body);
  }

  #add(part: string, more: boolean, body: Uint8Array): PosResult | null {
    if (this.#text === "" && !this.#dropping) this.#text = this.#symbologyOf(body);
    if (this.#dropping) {
      this.#dropping = more;
      return null;
    }
    if (this.#text.length + part.length > MAX_SCAN_TEXT) {
      this.#text = "";
      this.#dropping = more;
      return { kind: "overlong", limit: MAX_SCAN_TEXT };
    }
    this.#text += part;
    if (more) return null;
    const text = this.#text.replace(/[\r\n\0]+$/, "");
    this.#text = "";
    return { kind: "label", text };
  }

  #partOf(body: Uint8Array): string | null {
    const { length, data } = this.#layout;
    const from = data.offset / 8;
    const room = Math.min(data.bytes, body.length - from);
    if (room < 0) return null;
    const bytes = body.subarray(from, from + room);
    if (length === null) {
      const end = bytes.indexOf(0);
      return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
    }
    const count = bitsAt(body, length.offset, length.bits);
    return count > room ? null : String.fromCharCode(...bytes.subarray(0, count));
  }

  #symbologyOf(body: Uint8Array): string {
    const places = this.#layout.symbology;
    if (places === null) return "";
    const text = String.fromCharCode(...places.map((offset) => bitsAt(body, offset, 8)));
    return /^\][A-Za-z][0-9A-Za-z]$/.test(text) ? text : "";
  }
}

function layoutOf({ fields, numbered }: HidReports): Layout {
  const inputs = fields.filter(({ kind, constant }) => kind === "input" && !constant);
  const data = inputs.find(({ usages, bitSize }) => usages.includes(USAGE.decodedData) && bitSize === 8);
  if (data === undefined || data.bitOffset % 8 !== 0) throw noReader();
  const own = inputs.filter(({ reportId }) => reportId === data.reportId);
  const symbology = USAGE.symbology.map((usage) => placeOf(own, usage)?.offset);
  return {
    reportId: data.reportId,
    numbered,
    length: placeOf(own, USAGE.byteCount),
    symbology: symbology.every((each) => each !== undefined) ? symbology : null,
    data: { offset: data.bitOffset, bytes: data.count },
    continued: placeOf(own, USAGE.continued)?.offset ?? null,
  };
}

function placeOf(fields: readonly HidField[], usage: number): Place | null {
  for (const field of fields) {
    const offset = offsetOf(field, usage);
    if (offset !== null) return { offset, bits: field.bitSize };
  }
  return null;
}

function bitsAt(body: Uint8Array, offset: number, bits: number): number {
  let value = 0;
  for (let at = Math.min(bits, 16) - 1; at >= 0; at -= 1) {
    const bit = offset + at;
    value = value * 2 + (((body[bit >> 3] ?? 0) >> (bit & 7)) & 1);
  }
  return value;
}

const COMMAND_USAGE: Readonly<Record<PosCommand, number>> = {
  trigger: USAGE.initiateRead,
  "beep-good": USAGE.goodReadBeep,
  "beep-error": USAGE.errorBeep,
  hold: USAGE.preventRead,
  release: USAGE.preventRead,
};

/** The output report that tells the reader something, its id first (0 where reports are not numbered); null: not offered. */
export function encodePosCommand(reports: HidReports, command: PosCommand): Uint8Array | null {
  for (const field of reports.fields) {
    if (field.kind !== "output") continue;
    const offset = offsetOf(field, COMMAND_USAGE[command]);
    if (offset === null) continue;
    const bytes = reports.bytesOf("output", field.reportId) + (reports.numbered ? 0 : 1);
    const report = new Uint8Array(bytes);
    report[0] = field.reportId;
    if (command !== "release") report[1 + (offset >> 3)] = 1 << (offset & 7);
    return report;
  }
  return null;
}

function noReader(): LynceusError {
  return new LynceusError(
    "LYN_HID_DESCRIPTOR",
    "The device's report descriptor is not that of a HID POS bar code reader",
    {
      remedy: "Set the reader to HID POS mode (usage page 8C), or use its serial or line mode",
    },
  );
}

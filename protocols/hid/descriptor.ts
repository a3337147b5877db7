import { LynceusError } from "../errors.ts";

/** Longest report descriptor that the USB HID class allows in practice (Linux: 4096 bytes). */
export const MAX_DESCRIPTOR_BYTES = 4_096;
/** Fields of a descriptor, at most. */
const MAX_FIELDS = 1_024;
/** Longest report, bits. */
const MAX_REPORT_BITS = 8 * 4_096;
/** Depth of Push. */
const MAX_STACK = 16;

/** One main item: `count` values of `bitSize` bits, laid one after another. */
export interface HidField {
  readonly kind: "input" | "output" | "feature";
  /** 0 where the device numbers no reports. */
  readonly reportId: number;
  /** Usages of its values in order, page in the upper 16 bits; the last one is that of all that follow. */
  readonly usages: readonly number[];
  /** From the first byte after the report id. */
  readonly bitOffset: number;
  readonly bitSize: number;
  readonly count: number;
  readonly constant: boolean;
}

/** A parsed report descriptor (USB Device Class Definition for HID 1.11, §6.2.2). */
export interface HidReports {
  readonly fields: readonly HidField[];
  /** Whether each report begins with its id. */
  readonly numbered: boolean;
  /** Bytes of a report, its id included. */
  bytesOf(kind: HidField["kind"], reportId: number): number;
}

interface Globals {
  readonly page: number;
  readonly size: number;
  readonly count: number;
  readonly id: number;
}

interface Locals {
  usages: number[];
  minimum: number | null;
  maximum: number | null;
}

/** Reads a report descriptor. @throws LynceusError `LYN_HID_DESCRIPTOR`. */
export function parseReportDescriptor(bytes: Uint8Array): HidReports {
  if (bytes.length > MAX_DESCRIPTOR_BYTES) throw bad(`it has ${bytes.length} bytes`);
  const reader = new DescriptorReader();
  for (let at = 0; at < bytes.length; ) {
    const prefix = bytes[at] ?? 0;
    if (prefix === 0xfe) {
      at += 3 + (bytes[at + 1] ?? 0); // a long item: none is defined
      continue;
    }
    const length = [0, 1, 2, 4][prefix & 3] ?? 0;
    if (at + 1 + length > bytes.length) throw bad("its last item is cut short");
    let value = 0;
    for (let index = length; index > 0; index -= 1) value = value * 256 + (bytes[at + index] ?? 0);
    reader.item((prefix >> 2) & 3, prefix >> 4, value, length);
    at += 1 + length;
  }
  return reader.result();
}

const KINDS: Readonly<Record<number, HidField["kind"]>> = { 8: "input", 9: "output", 11: "feature" };

class DescriptorReader {
  readonly #fields: HidField[] = [];
  readonly #bits = new Map<string, number>();
  readonly #stack: Globals[] = [];
  #globals: Globals = { page: 0, size: 0, count: 0, id: 0 };
  #locals: Locals = { usages: [], minimum: null, maximum: null };

  item(type: number, tag: number, value: number, length: number): void {
    if (type === 0) this.#main(tag, value);
    else if (type === 1) this.#global(tag, value);
    else if (type === 2) this.#local(tag, value, length);
  }

  result(): HidReports {
    const numbered = this.#fields.some(({ reportId }) => reportId !== 0);
    const bits = this.#bits;
    return {
      fields: this.#fields,
      numbered,
      bytesOf: (kind, reportId) => Math.ceil((bits.get(`${kind} ${reportId}`) ?? 0) / 8) + (numbered ? 1 : 0),
    };
  }

  #main(tag: number, value: number): void {
    const kind = KINDS[tag];
    if (kind !== undefined) this.#field(kind, (value & 1) !== 0);
    this.#locals = { usages: [], minimum: null, maximum: null };
  }

  #field(kind: HidField["kind"], constant: boolean): void {
    const { size, count, id } = this.#globals;
    const key = `${kind} ${id}`;
    const bitOffset = this.#bits.get(key) ?? 0;
    if (bitOffset + size * count > MAX_REPORT_BITS) throw bad("a report is too long");
    if (this.#fields.length >= MAX_FIELDS) throw bad("it has too many fields");
    this.#bits.set(key, bitOffset + size * count);
    if (size === 0 || count === 0) return;
    const usages = this.#usages();
    this.#fields.push({ kind, reportId: id, usages, bitOffset, bitSize: size, count, constant });
  }

  #usages(): readonly number[] {
    const { usages, minimum, maximum } = this.#locals;
    if (minimum === null || maximum === null || maximum < minimum) return usages;
    const length = Math.min(maximum - minimum + 1, 256);
    return [...usages, ...Array.from({ length }, (_, index) => minimum + index)];
  }

  #global(tag: number, value: number): void {
    if (tag === 0) this.#globals = { ...this.#globals, page: value & 0xffff };
    else if (tag === 7) this.#globals = { ...this.#globals, size: value };
    else if (tag === 8) this.#globals = { ...this.#globals, id: value & 0xff };
    else if (tag === 9) this.#globals = { ...this.#globals, count: value };
    else if (tag === 10) {
      if (this.#stack.length >= MAX_STACK) throw bad("its stack is too deep");
      this.#stack.push(this.#globals);
    } else if (tag === 11) this.#globals = this.#stack.pop() ?? this.#globals;
  }

  #local(tag: number, value: number, length: number): void {
    const usage = length === 4 ? value : this.#globals.page * 0x1_0000 + value;
    if (tag === 0 && this.#locals.usages.length < 256) this.#locals.usages.push(usage);
    else if (tag === 1) this.#locals.minimum = usage;
    else if (tag === 2) this.#locals.maximum = usage;
  }
}

/**
 * Input reports that came in one read, one after another: the kernel gives one a read, other drivers may give several. What
 * is shorter than its report, or of an id that the descriptor does not know, is left whole.
 */
export function splitReports(reports: HidReports, chunk: Uint8Array): readonly Uint8Array[] {
  const split: Uint8Array[] = [];
  for (let from = 0; from < chunk.length; ) {
    const bytes = reports.bytesOf("input", reports.numbered ? (chunk[from] ?? 0) : 0);
    const to = bytes <= 1 ? chunk.length : Math.min(chunk.length, from + bytes);
    split.push(chunk.subarray(from, to));
    from = to;
  }
  return split;
}

/** The place of a usage's value in a report, bits after the report id; null: the field has none of it. */
export function offsetOf(field: HidField, usage: number): number | null {
  const index = field.usages.indexOf(usage);
  return index < 0 || index >= field.count ? null : field.bitOffset + index * field.bitSize;
}

function bad(why: string): LynceusError {
  return new LynceusError("LYN_HID_DESCRIPTOR", `A HID report descriptor cannot be used: ${why}`, {
    remedy: "Set the reader to HID POS mode (usage page 8C), or use its serial or line mode",
  });
}

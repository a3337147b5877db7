import { LynceusError } from "../errors.ts";

/**
 * Lines of TSA/Rapiscan VM-250-type portal monitors: one comma-separated ASCII line a message, four detectors in the order
 * master upper, master lower, slave lower, slave upper.
 */

/** Longest line of a portal, characters. */
export const VM250_MAX_LINE = 128;
/** Detectors of a portal. */
export const VM250_DETECTORS = 4;

/** Counts of the four detectors. */
export type Vm250Counts = readonly [number, number, number, number];

/** One line of a portal. */
export type Vm250Message =
  /** GB, NB: background, counts a second; unoccupied. */
  | { readonly kind: "background"; readonly channel: "gamma" | "neutron"; readonly counts: Vm250Counts }
  /** GH, GL, NH: the background is too high or too low to measure against. */
  | { readonly kind: "fault"; readonly code: "GH" | "GL" | "NH"; readonly counts: Vm250Counts }
  /** GS, NS, and GA, NA while in alarm: counts of 200 ms; occupied. */
  | {
      readonly kind: "slice";
      readonly channel: "gamma" | "neutron";
      readonly alarm: boolean;
      readonly counts: Vm250Counts;
    }
  /** GX: the occupancy is over. `neutronBackground`: counts a second. */
  | { readonly kind: "end"; readonly occupancies: number; readonly neutronBackground: number }
  /** SP: seconds a foot, mph, km/h; null where the portal could not tell. */
  | { readonly kind: "speed"; readonly kmPerH: number | null }
  /** TT, TC: the cabinet was opened, closed. */
  | { readonly kind: "tamper"; readonly open: boolean }
  /** SG1 … SN2: settings. */
  | { readonly kind: "setup"; readonly intervals: number | null; readonly nSigma: number | null }
  /** A code that is not known: no fault of the line. */
  | { readonly kind: "other"; readonly code: string };

const CODE = /^(?:[A-Z]{2}|S[GN]\d)$/;
/** Fields of a line, at most, and characters of one. */
const MAX_FIELDS = 12;
const MAX_FIELD = 32;
const COUNT = /^\d{1,7}$/;
const NUMBER = /^-?\d{1,7}(?:\.\d{1,6})?$/;

/**
 * Reads one line, without its end.
 * @throws LynceusError `LYN_VM250` for a line that is none, or whose fields are not those of its code.
 */
export function parseVm250Line(line: string): Vm250Message {
  if (line.length > VM250_MAX_LINE) throw unreadable(`${line.length} characters`);
  const [code = "", ...fields] = line.trim().split(",");
  if (!CODE.test(code) || fields.length > MAX_FIELDS || fields.some(({ length }) => length > MAX_FIELD))
    throw unreadable("no code of two letters with its fields");
  const read = Object.hasOwn(READERS, code) ? READERS[code] : undefined;
  return read === undefined ? { kind: "other", code } : read(fields, code);
}

const READERS: Readonly<Record<string, (fields: readonly string[], code: string) => Vm250Message>> = {
  GB: (fields) => ({ kind: "background", channel: "gamma", counts: countsOf(fields) }),
  NB: (fields) => ({ kind: "background", channel: "neutron", counts: countsOf(fields) }),
  GH: (fields) => ({ kind: "fault", code: "GH", counts: countsOf(fields) }),
  GL: (fields) => ({ kind: "fault", code: "GL", counts: countsOf(fields) }),
  NH: (fields) => ({ kind: "fault", code: "NH", counts: countsOf(fields) }),
  GS: (fields) => ({ kind: "slice", channel: "gamma", alarm: false, counts: countsOf(fields) }),
  GA: (fields) => ({ kind: "slice", channel: "gamma", alarm: true, counts: countsOf(fields) }),
  NS: (fields) => ({ kind: "slice", channel: "neutron", alarm: false, counts: countsOf(fields) }),
  NA: (fields) => ({ kind: "slice", channel: "neutron", alarm: true, counts: countsOf(fields) }),
  GX: (fields) => ({
    kind: "end",
    occupancies: countOf(fields[0]),
    neutronBackground: numberOf(fields[1]) / 1000,
  }),
  SP: (fields) => ({
    kind: "speed",
    kmPerH: NUMBER.test(fields[2]?.trim() ?? "") ? numberOf(fields[2]) : null,
  }),
  TT: () => ({ kind: "tamper", open: true }),
  TC: () => ({ kind: "tamper", open: false }),
  SG1: (fields) => ({ kind: "setup", intervals: countOf(fields[2]), nSigma: numberOf(fields[4]) }),
  SG2: () => ({ kind: "setup", intervals: null, nSigma: null }),
  SG3: () => ({ kind: "setup", intervals: null, nSigma: null }),
  SN1: () => ({ kind: "setup", intervals: null, nSigma: null }),
  SN2: () => ({ kind: "setup", intervals: null, nSigma: null }),
};

/** Four counts; portals that store their lines add the time of day as a fifth field. */
function countsOf(fields: readonly string[]): Vm250Counts {
  if (fields.length < VM250_DETECTORS || fields.length > VM250_DETECTORS + 1)
    throw unreadable(`${fields.length} fields, not four counts`);
  const [a, b, c, d] = fields;
  return [countOf(a), countOf(b), countOf(c), countOf(d)];
}

function countOf(field: string | undefined): number {
  const text = field?.trim() ?? "";
  if (!COUNT.test(text)) throw unreadable("a field is no count");
  return Number(text);
}

function numberOf(field: string | undefined): number {
  const text = field?.trim() ?? "";
  if (!NUMBER.test(text)) throw unreadable("a field is no number");
  return Number(text);
}

function unreadable(why: string): LynceusError {
  return new LynceusError("LYN_VM250", `Not a line of a VM-250-type portal: ${why}`, {
    remedy: "Check that the portal sends its ASCII lines here, its baud rate and parity",
  });
}

/** A line of counts as a portal sends it: six digits a detector. For simulators. */
export function encodeVm250Counts(code: string, counts: Vm250Counts): string {
  return [code, ...counts.map((count) => String(count).padStart(6, "0"))].join(",");
}

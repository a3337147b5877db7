import { LynceusError } from "./errors.ts";

export * from "./line-splitter.ts";

/**
 * MT-SICS, the command set of Mettler-Toledo scales: upper-case ASCII, parameters parted by blanks, CR LF at the end of
 * every command and reply (MT-SICS reference manual, level 0 and 1).
 */

/** Commands that a gateway sends. `S` stable mass, `SI` at once, `SIR` repeated, `@` reset, `I4` serial number. */
export const MT_SICS_COMMANDS = [
  "S",
  "SI",
  "SIR",
  "SR",
  "SNR",
  "SU",
  "SIU",
  "SIRU",
  "Z",
  "ZI",
  "T",
  "TI",
  "TA",
  "TAC",
  "@",
  "I0",
  "I1",
  "I2",
  "I3",
  "I4",
  "I5",
] as const;
export type MtSicsCommand = (typeof MT_SICS_COMMANDS)[number];

/** Mass units and their kilograms. */
export const MASS_UNITS_KG = {
  mg: 1e-6,
  g: 1e-3,
  kg: 1,
  t: 1000,
  oz: 0.028349523125,
  lb: 0.45359237,
} as const;
export type MassUnit = keyof typeof MASS_UNITS_KG;

/** Longest line of a scale, characters; enough for every reply of the commands above. */
export const MT_SICS_MAX_LINE = 128;

/** A reply of a scale. */
export type MtSicsReply =
  | {
      readonly kind: "mass";
      /** S for a mass, T for a tare, as the scale answers. */
      readonly command: string;
      /** Only a stable mass is evidence. */
      readonly stable: boolean;
      /** As shown, in `unit`. */
      readonly value: number;
      readonly unit: MassUnit;
      /** kg; negative where the scale was tared. */
      readonly massKg: number;
    }
  | { readonly kind: "done"; readonly command: string }
  /** Understood but not executable now: in motion, or its time ran out. */
  | { readonly kind: "busy"; readonly command: string }
  | { readonly kind: "overload"; readonly command: string }
  | { readonly kind: "underload"; readonly command: string }
  | { readonly kind: "wrong-parameter"; readonly command: string }
  /** Text replies of `I0` … `I5`; `last` false while more lines follow. */
  | {
      readonly kind: "text";
      readonly command: string;
      readonly values: readonly string[];
      readonly last: boolean;
    }
  /** ES, ET, EL: the scale did not understand. */
  | { readonly kind: "error"; readonly error: "syntax" | "transmission" | "logical" };

const ERRORS = { ES: "syntax", ET: "transmission", EL: "logical" } as const;
const STATES = { I: "busy", "+": "overload", "-": "underload", L: "wrong-parameter" } as const;
const STATE_LINE = /^([A-Z@]{1,4}[0-9]{0,2}) ([I+\-LA])$/;
const MASS_LINE = /^(S|T|TA|TI|Z|ZI) ([SDA]) +(-? *\d{1,9}(?:\.\d{1,9})?) +([a-z]{1,2})$/;
const ZEROED_LINE = /^(ZI) ([SD])$/;
const TEXT_LINE = /^(I\d{1,2}) ([AB])((?: +(?:"[^"]*"|[^" ]+)){1,8})$/;

function unreadable(why: string): LynceusError {
  return new LynceusError("LYN_MT_SICS", `Not an MT-SICS line: ${why}`, {
    remedy:
      "Check that the scale is set to MT-SICS, its baud rate and parity, and its unit (mg, g, kg, t, oz or lb)",
  });
}

/** Encodes a command with its CR LF. */
export function encodeMtSics(command: MtSicsCommand): Uint8Array {
  return new TextEncoder().encode(`${command}\r\n`);
}

/**
 * Reads one line of a scale, without its CR LF.
 * @throws LynceusError `LYN_MT_SICS` for a line that is none of the replies above or has an unknown unit.
 */
export function parseMtSicsLine(line: string): MtSicsReply {
  if (line.length > MT_SICS_MAX_LINE) throw unreadable(`${line.length} characters`);
  const text = line.trimEnd();
  const error = Object.hasOwn(ERRORS, text) ? ERRORS[text as keyof typeof ERRORS] : undefined;
  if (error !== undefined) return { kind: "error", error };
  const reply = parseMass(text) ?? parseState(text) ?? parseText(text);
  if (reply === null) throw unreadable("none of the replies that are known");
  return reply;
}

function parseMass(text: string): MtSicsReply | null {
  const match = MASS_LINE.exec(text);
  if (match === null) return null;
  const [, command = "", state, digits = "", unit = ""] = match;
  if (!Object.hasOwn(MASS_UNITS_KG, unit)) throw unreadable("its unit is no unit of mass that is known");
  const value = Number(digits.replaceAll(" ", ""));
  const known = unit as MassUnit;
  return {
    kind: "mass",
    command,
    stable: state !== "D",
    value,
    unit: known,
    massKg: toKilograms(value, known),
  };
}

function parseState(text: string): MtSicsReply | null {
  const zeroed = ZEROED_LINE.exec(text);
  if (zeroed !== null) return { kind: "done", command: zeroed[1] ?? "" };
  const match = STATE_LINE.exec(text);
  if (match === null) return null;
  const [, command = "", state = ""] = match;
  return { kind: state === "A" ? "done" : STATES[state as keyof typeof STATES], command };
}

function parseText(text: string): MtSicsReply | null {
  const match = TEXT_LINE.exec(text);
  if (match === null) return null;
  const [, command = "", state, rest = ""] = match;
  const values = [...rest.matchAll(/"([^"]*)"|([^" ]+)/g)].map((part) => part[1] ?? part[2] ?? "");
  return { kind: "text", command, values, last: state === "A" };
}

/** Mass in kg, free of the rounding noise that a factor such as 0.001 adds (nine decimals: micrograms). */
function toKilograms(value: number, unit: MassUnit): number {
  return Number((value * MASS_UNITS_KG[unit]).toFixed(9));
}

/** What a scale answers: for simulators. `value` is right-aligned in ten characters. */
export function encodeMassReply({
  stable,
  value,
  unit,
  decimals,
}: {
  readonly stable: boolean;
  readonly value: number;
  readonly unit: MassUnit;
  readonly decimals: number;
}): Uint8Array {
  const shown = value.toFixed(decimals).padStart(10, " ");
  return new TextEncoder().encode(`S ${stable ? "S" : "D"} ${shown} ${unit}\r\n`);
}

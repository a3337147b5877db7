import { z } from "zod";
import { MASS_UNITS_KG, type MassUnit } from "../mt-sics.ts";

/** Longest frame of a scale, bytes without its marks. */
export const MAX_SCALE_FRAME = 96;
/** States a profile may name, at most. */
const MAX_STATES = 32;

const offset = z
  .int()
  .min(0)
  .max(MAX_SCALE_FRAME - 1);
const columns = { at: offset, length: z.int().min(1).max(MAX_SCALE_FRAME) };
const byte = z.int().min(0).max(255);

/** What a scale says about a weight. `negative` only turns its sign. */
export const SCALE_MEANINGS = ["stable", "dynamic", "overload", "underload", "fault", "negative"] as const;

const stateSchema = z.union([
  z.strictObject({ at: offset, text: z.string().min(1).max(16), means: z.enum(SCALE_MEANINGS) }),
  z.strictObject({ at: offset, mask: byte, bits: byte, means: z.enum(SCALE_MEANINGS) }),
]);

const unitSchema = z.union([
  z.enum(Object.keys(MASS_UNITS_KG) as [MassUnit, ...MassUnit[]]),
  z.strictObject({
    ...columns,
    names: z
      .record(z.string().max(8), z.enum(Object.keys(MASS_UNITS_KG) as [MassUnit, ...MassUnit[]]))
      .default({}),
  }),
  z.strictObject({ at: offset, mask: byte, set: z.literal("kg"), clear: z.enum(["lb", "g", "t"]) }),
]);

const decimalsSchema = z.union([
  z.int().min(0).max(6),
  z.strictObject({ at: offset, mask: byte, less: z.int().min(0).max(7) }),
]);

/**
 * A scale's text or binary frame as data: fixed columns, counted from 0 after the start mark. `continuous` scales send by
 * themselves; `polled` ones are asked. What no state calls stable is dynamic.
 */
export const scaleProfileSchema = z
  .strictObject({
    mode: z.enum(["continuous", "polled"]),
    poll: z
      .strictObject({
        command: z.string().min(1).max(32).describe("sent as ISO 8859-1, control characters included"),
        everyMs: z.int().min(50).max(10_000).default(100),
      })
      .optional(),
    start: byte
      .optional()
      .describe("byte that a frame begins with; absent: it begins after the end of the last"),
    end: z.array(byte).min(1).max(4).default([13, 10]).describe("bytes any of which ends a frame"),
    ignore: z
      .int()
      .min(0)
      .max(8)
      .default(0)
      .describe("bytes after the end mark that are no frame: a check sum"),
    value: z.strictObject({ ...columns, decimalComma: z.boolean().default(false) }),
    decimals: decimalsSchema.optional().describe("where the value has no point of its own"),
    unit: unitSchema,
    states: z.array(stateSchema).min(1).max(MAX_STATES),
  })
  .refine((profile) => profile.states.some(({ means }) => means === "stable"), {
    error: "a state that means stable: only stable weights are evidence",
    path: ["states"],
  })
  .refine((profile) => profile.mode !== "polled" || profile.poll !== undefined, {
    error: "poll, for a scale that is polled",
    path: ["poll"],
  });
export type ScaleProfile = z.output<typeof scaleProfileSchema>;

const CR = 13;
const LF = 10;

/** Profiles of formats that many scales offer; the bit and column layouts are those of the makers' interface manuals. */
const BUILT_IN = {
  // `ST,+00123.45  kg`: header, sign and value in nine characters, unit in three.
  "and-standard": {
    mode: "continuous",
    value: { at: 3, length: 9 },
    unit: { at: 12, length: 3 },
    states: [
      { at: 0, text: "ST", means: "stable" },
      { at: 0, text: "QT", means: "fault" },
      { at: 0, text: "US", means: "dynamic" },
      { at: 0, text: "OL", means: "overload" },
    ],
  },
  // SMA SCP-0499 level 1, asked with W: LF, status, range, net, motion, future, ten characters of weight, three of unit, CR.
  sma: {
    mode: "polled",
    poll: { command: "W\r", everyMs: 100 },
    start: LF,
    end: [CR],
    value: { at: 5, length: 10 },
    unit: { at: 15, length: 3 },
    states: [
      { at: 3, text: " ", means: "stable" },
      { at: 3, text: "M", means: "dynamic" },
      { at: 0, text: "O", means: "overload" },
      { at: 0, text: "U", means: "underload" },
      { at: 0, text: "E", means: "fault" },
      { at: 0, text: "I", means: "fault" },
      { at: 0, text: "T", means: "fault" },
    ],
  },
  // Toledo continuous output: STX, three status words, six digits of weight, six of tare, CR, perhaps a check sum.
  "toledo-continuous": {
    mode: "continuous",
    start: 0x02,
    end: [CR],
    value: { at: 3, length: 6 },
    decimals: { at: 0, mask: 0x07, less: 2 },
    unit: { at: 1, mask: 0x10, set: "kg", clear: "lb" },
    states: [
      { at: 1, mask: 0x08, bits: 0x00, means: "stable" },
      { at: 1, mask: 0x08, bits: 0x08, means: "dynamic" },
      { at: 1, mask: 0x04, bits: 0x04, means: "overload" },
      { at: 1, mask: 0x02, bits: 0x02, means: "negative" },
      { at: 1, mask: 0x40, bits: 0x40, means: "fault" },
    ],
  },
} as const satisfies Record<string, z.input<typeof scaleProfileSchema>>;

/** Names of the profiles that come with the project. */
export const SCALE_PROFILE_NAMES = Object.keys(BUILT_IN) as readonly (keyof typeof BUILT_IN)[];
export type ScaleProfileName = keyof typeof BUILT_IN;

/** A profile that comes with the project. */
export function builtInScaleProfile(name: ScaleProfileName): ScaleProfile {
  return scaleProfileSchema.parse(BUILT_IN[name]);
}

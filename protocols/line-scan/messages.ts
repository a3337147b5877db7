import { z } from "zod";
import { IDENTIFIER_SCHEMES, ORIGINS, PURPOSES } from "../vocabulary.ts";
import { MAX_DETECTOR_PIXELS, MAX_PLANE_PIXELS, MAX_VIEWS } from "./lines.ts";

/** Codes of a NAK (`line-scan.md`). */
export const NAK_CODES = [
  "UNSUPPORTED_PROTOCOL",
  "UNKNOWN_SERIAL",
  "LANE_BUSY",
  "BAD_CRC",
  "BAD_LENGTH",
  "BAD_SEQUENCE",
  "LINES_MISSING",
  "SPOOL_FULL",
  "SCAN_TOO_LARGE",
  "PAUSED",
] as const;
export type NakCode = (typeof NAK_CODES)[number];

/** Version of the stream that this code speaks, HELLO `protocol`. */
export const LINE_SCAN_PROTOCOL = 1;
/** Scans open at once on a connection, at most. */
export const MAX_OPEN_SCANS = 4;
/** HELLO's default air level, counts. */
export const DEFAULT_AIR_LEVEL = 60_000;
/** Planes of a scan, at most: 8 views of 3 energies. */
export const MAX_PLANES = MAX_VIEWS * 3;
/** Missing ranges that one NAK names, at most; the next NAK names the rest. */
export const MAX_MISSING_RANGES = 1000;
/** Dead pixels that HELLO may name. */
export const MAX_DEAD_PIXELS = 20_000;
/** Identifiers that a scanner may hand on with a scan. */
export const MAX_SCANNER_IDENTIFIERS = 16;

const u32 = z.int().min(0).max(0xffff_ffff);
const name = z.string().max(128);
const time = z.iso.datetime({ offset: true });
const view = z
  .int()
  .min(0)
  .max(MAX_VIEWS - 1);
const energyNumber = z.union([z.literal(0), z.literal(1), z.literal(2)]);
const energyName = z.enum(["low", "high", "single"]);
/** u64 nanoseconds: a JSON number while it is exact, a decimal string beyond 2^53−1. */
const nanoseconds = z.union([z.int().min(0), z.string().regex(/^\d{1,20}$/)]);
/** Scanner's own id of a scan. */
const scanRef = z.string().min(1).max(128);

const helloView = z.object({
  view,
  name: name.optional(),
  detectorPixels: z.int().min(1).max(MAX_DETECTOR_PIXELS),
  energies: z.array(energyName).min(1).max(3),
  pixelPitchMm: z
    .object({ x: z.number().positive().max(1000), y: z.number().positive().max(1000) })
    .nullish()
    .describe("mm; x along the belt, y along the detector"),
  pitchAt: z.enum(["detector", "object"]).optional(),
});

/** HELLO, the first message of a scanner. Only what the gateway cannot do without is required. */
export const helloSchema = z.object({
  protocol: z.int().describe("1; another number is answered with UNSUPPORTED_PROTOCOL"),
  vendor: name.optional(),
  model: name.optional(),
  serial: z.string().min(1).max(64),
  softwareVersion: name.optional(),
  views: z
    .array(helloView)
    .min(1)
    .max(MAX_VIEWS)
    .refine((views) => new Set(views.map((entry) => entry.view)).size === views.length, {
      error: "a view number stands twice",
    }),
  beltMmPerS: z.number().min(0).max(100_000).nullish().describe("mm/s"),
  lineRateHz: z.number().min(0).max(1_000_000).nullish().describe("lines per second"),
  encoderCountsPerMm: z.number().nullish().describe("counts per mm of belt"),
  airLevel: z.int().min(1).max(65_535).default(DEFAULT_AIR_LEVEL).describe("counts at transmission 1"),
  calibratedAt: time.nullish(),
  darkAt: time.nullish(),
  airAt: time.nullish(),
  kVp: z.number().min(0).max(20_000).nullish().describe("kV peak"),
  currentUa: z.number().min(0).nullish().describe("µA"),
  deadPixels: z
    .array(z.object({ view, energy: energyName, pixel: z.int().min(0).max(MAX_DETECTOR_PIXELS) }))
    .max(MAX_DEAD_PIXELS)
    .default([]),
});
export type Hello = z.output<typeof helloSchema>;

const scannerIdentifier = z.union([
  z.string().min(1).max(256).describe("text as read"),
  z.object({ scheme: z.enum(IDENTIFIER_SCHEMES), value: z.string().min(1).max(70) }),
]);

/** SCAN_START. */
export const scanStartSchema = z.object({
  scan: u32.describe("unique on the connection"),
  scanRef,
  startedAt: time,
  encoder: u32.optional(),
  purpose: z.enum(PURPOSES).default("OPERATIONAL"),
  origin: z.enum(ORIGINS).default("MACHINE"),
  testArticle: z.union([z.string().max(200), z.boolean()]).nullish(),
  identifiers: z.array(scannerIdentifier).max(MAX_SCANNER_IDENTIFIERS).default([]),
});
export type ScanStart = z.output<typeof scanStartSchema>;

/** SCAN_END. `acquisition` may be one word or several; words of a later version are kept as they are. */
export const scanEndSchema = z.object({
  scan: u32,
  scanRef,
  endedAt: time,
  planes: z
    .array(z.object({ view, energy: energyNumber, lines: z.int().min(0).max(MAX_PLANE_PIXELS) }))
    .min(1)
    .max(MAX_PLANES),
  acquisition: z
    .union([z.string().max(32), z.array(z.string().max(32)).max(16)])
    .default([])
    .transform((words): readonly string[] => (typeof words === "string" ? [words] : words)),
  final: z.boolean().default(false),
});
export type ScanEnd = z.output<typeof scanEndSchema>;

/** EVENT of the machine. */
export const eventSchema = z.object({
  kind: z.string().max(32).describe("photo-eye, belt, estop, xray; others are ignored"),
  state: z.union([z.string().max(64), z.boolean(), z.number()]),
  encoder: u32.optional(),
  at: time,
});
export type LineScanEvent = z.output<typeof eventSchema>;

/** `timestampNs` of a message: a number while JSON keeps it exact (104 days of a clock that begins at the machine's start). */
export function nanosecondsOf(time: bigint): number | string {
  return time <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(time) : String(time);
}

/** HEARTBEAT, both ways every 5 s; 15 s of silence is a lost link. */
export const heartbeatSchema = z.object({
  at: time,
  timestampNs: nanoseconds.optional(),
  encoder: u32.optional(),
});
export type Heartbeat = z.output<typeof heartbeatSchema>;

/** ACK of HELLO (`protocol`, `credit`, `at`) or of SCAN_END (`scanRef`, `scanId`). */
export const ackSchema = z.union([
  z.object({ protocol: z.int(), credit: z.int().min(0).max(0xffff_ffff), at: time }),
  z.object({ scanRef, scanId: z.uuid() }),
]);
export type Ack = z.output<typeof ackSchema>;

/** NAK: one per loss of sync, or a refusal. A consumer treats a code it does not know by its message. */
export const nakSchema = z.object({
  code: z.string().max(64) as unknown as z.ZodType<NakCode | (string & {})>,
  message: z.string().max(500).default(""),
  sequence: u32.optional(),
  scanRef: scanRef.optional(),
  missing: z
    .array(z.object({ view, energy: energyNumber, from: u32, to: u32 }))
    .max(MAX_MISSING_RANGES)
    .optional()
    .describe("lines missing; from inclusive, to exclusive"),
});
export type Nak = z.output<typeof nakSchema>;

/** FLOW adds to the credit, which LINES frames spend. */
export const flowSchema = z.object({ credit: z.int().min(0).max(0xffff_ffff) });
export type FlowControl = z.output<typeof flowSchema>;

/** RESULT of each revision, for the machine's own screen or belt; detections as in a hit. */
export const resultSchema = z.object({
  scanRef,
  scanId: z.uuid(),
  revision: z.int().min(1),
  decision: z.string().max(32),
  recommendation: z.string().max(32),
  detections: z
    .array(
      z.object({
        id: z.string().max(64),
        class: z.string().max(64),
        score: z.number().min(0).max(1),
        alarm: z.boolean(),
        boxes: z
          .array(z.object({ view, x: z.number(), y: z.number(), width: z.number(), height: z.number() }))
          .max(MAX_VIEWS),
      }),
    )
    .max(100),
});
export type Result = z.output<typeof resultSchema>;

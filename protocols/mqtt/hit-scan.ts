import { z } from "zod";
import {
  ACQUISITION_STATUSES,
  DIRECTIONS,
  ENERGIES,
  FLOWS,
  GOODS_GROUPS,
  IDENTIFIER_SCHEMES,
  IDENTIFIER_SOURCES,
  IMAGE_FORMS,
  ORIGINS,
  PURPOSES,
  QUALITY_METRICS,
  type QualityMetric,
  SCAN_KINDS,
  THREAT_CLASSES,
} from "../vocabulary.ts";
import { count, name, probability, sha256Hex, text, timestamp } from "./common.ts";
import { LIST_LIMITS } from "./limits.ts";

/** The parts of a hit that say what was scanned and what is in it. */

const viewNumber = z.int().min(0).max(7);
const sizePixels = z.int().min(1).max(64_000_000);

export const hitViewSchema = z.strictObject({
  view: viewNumber,
  name: z.string().max(128),
  width: sizePixels.describe("pixels: lines of the scan"),
  height: sizePixels.describe("pixels: detector elements"),
  pixelPitchMm: z
    .strictObject({ x: z.number().positive(), y: z.number().positive() })
    .nullable()
    .describe("mm a pixel; null unknown"),
  energies: z.array(z.enum(ENERGIES)).max(3),
});

export const hitScanSchema = z.strictObject({
  kind: z.enum(SCAN_KINDS),
  views: z.array(hitViewSchema).max(8),
  acquisition: z.array(z.enum(ACQUISITION_STATUSES)).max(ACQUISITION_STATUSES.length),
  purpose: z.enum(PURPOSES),
  origin: z.enum(ORIGINS),
  quality: probability.describe("0..1, 1 = as good as the scanner gets"),
});
export type HitScan = z.output<typeof hitScanSchema>;

export const hitIdentifierSchema = z.strictObject({
  scheme: z.enum(IDENTIFIER_SCHEMES),
  value: z
    .string()
    .min(1)
    .max(70)
    .regex(/^[A-Z0-9./-]+$/)
    .describe("canonical; never raw label text"),
  checkOk: z.boolean().nullable().describe("null where the scheme has no check digit"),
  source: z.enum(IDENTIFIER_SOURCES),
  confidence: probability,
});
export type HitIdentifier = z.output<typeof hitIdentifierSchema>;

const radiationState = z.enum(["normal", "alarm", "fault"]).nullable();
const massKg = z.number().nullable();

export const measuredSchema = z.strictObject({
  massKg: massKg.describe("kg, of the scale; null absent"),
  massStable: z.boolean().nullable().describe("whether the scale called the mass stable"),
  xrayMassKg: massKg.describe("kg, estimated from the image; null absent"),
  xrayMassReliable: z.boolean().nullable().describe("false where a region is opaque or air is estimated"),
  radiation: z
    .strictObject({
      gamma: radiationState,
      neutron: radiationState,
      sigma: z.number().nullable().describe("standard deviations above background"),
    })
    .nullable(),
});
export type Measured = z.output<typeof measuredSchema>;

export const boxSchema = z.strictObject({
  view: viewNumber,
  x: z.number().min(0).describe("pixels of the stored plane, left edge, 0-based"),
  y: z.number().min(0).describe("pixels, top edge, 0-based"),
  width: z.number().positive().describe("pixels; the right edge is exclusive"),
  height: z.number().positive().describe("pixels; the bottom edge is exclusive"),
});
export type Box = z.output<typeof boxSchema>;

export const detectionSchema = z.strictObject({
  id: z.string().min(1).max(64).describe("unique within the scan"),
  class: z.enum(THREAT_CLASSES),
  score: probability.describe("0..1, calibrated"),
  threshold: probability,
  alarm: z.boolean().describe("whether the score reaches its threshold"),
  model: z.string().max(200).describe("name@version"),
  boxes: z
    .array(boxSchema)
    .max(8)
    .refine((boxes) => new Set(boxes.map((box) => box.view)).size === boxes.length, {
      error: "at most one box a view",
    }),
});
/** One object in the scan. */
export type Detection = z.output<typeof detectionSchema>;

export const contentSchema = z.strictObject({
  group: z.enum(GOODS_GROUPS),
  score: probability,
  share: probability.nullable().describe("share of mass 0..1, null unknown"),
});
export type Content = z.output<typeof contentSchema>;

export const loadSchema = z.strictObject({
  state: z.enum(["empty", "part", "loaded"]),
  score: probability,
  profile: z.array(probability).max(LIST_LIMITS.profile).describe("fill along the length, 0..1"),
});
export type Load = z.output<typeof loadSchema>;

export const hsChapterSchema = z.strictObject({
  chapter: z.string().regex(/^\d{2}$/),
  score: probability,
});

const metric = z.enum(Object.keys(QUALITY_METRICS) as [QualityMetric, ...QualityMetric[]]);

export const findingSchema = z.strictObject({
  metric: metric.describe("data quality metric T1 … K4"),
  pointer: z
    .string()
    .max(200)
    .describe(
      "WCO Data Model pointer such as 42A/67A/68A[3]/23A/137, or RFC 6901 pointer of a member that was dropped",
    ),
  message: text.describe("never quotes the declaration"),
});
/** A fault of a declaration. */
export type Finding = z.output<typeof findingSchema>;

export const matchedDeclarationSchema = z.strictObject({
  aedId: z.guid(),
  revision: z.int().min(1),
  direction: z.enum(DIRECTIONS).nullable().describe("null where the declaration's was dropped"),
  flow: z.enum(FLOWS).nullable(),
  matchedBy: z.strictObject({
    scheme: z.enum(IDENTIFIER_SCHEMES),
    value: z.string().min(1).max(70),
    source: z.enum(IDENTIFIER_SOURCES),
  }),
  pieces: z.strictObject({
    declared: count.nullable(),
    seen: count.nullable(),
  }),
  ageSeconds: z
    .number()
    .describe("seconds, capturedAt − when this gateway stored it; negative = after the scan"),
  quality: z.strictObject({
    score: probability,
    findings: z.array(findingSchema).max(LIST_LIMITS.findings),
  }),
});
export type MatchedDeclaration = z.output<typeof matchedDeclarationSchema>;

export const hitImageSchema = z.strictObject({
  view: viewNumber,
  energy: z.enum(ENERGIES).nullable().describe("null for a rendering of several energies"),
  form: z.enum(IMAGE_FORMS),
  sha256: sha256Hex,
  mediaType: z.string().max(128),
  bytes: count.describe("size of the file, bytes"),
  keptUntil: timestamp.nullable(),
});
export type HitImage = z.output<typeof hitImageSchema>;

export const hitModelSchema = z.strictObject({
  name,
  version: z.string().min(1).max(64),
  sha256: sha256Hex,
  provider: z.string().max(64).describe("what executed it, e.g. cpu"),
  milliseconds: z.number().min(0).describe("ms"),
});
export type HitModel = z.output<typeof hitModelSchema>;

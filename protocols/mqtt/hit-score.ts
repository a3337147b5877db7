import { z } from "zod";
import { BANDS, REASON_CODES, type ReasonCode, THREAT_CLASSES } from "../vocabulary.ts";
import { probability, text } from "./common.ts";
import { LIST_LIMITS } from "./limits.ts";

/** `logOdds` is clamped to ± this by an evidence row `CLAMP`. */
export const MAX_LOG_ODDS = 13.8;
/** How closely `logOdds` must equal logit(prior) + Σ evidence. */
export const LOG_ODDS_TOLERANCE = 1e-9;

const oddsPart = z.number().min(-1000).max(1000);

export const evidenceSchema = z.strictObject({
  source: z
    .string()
    .min(1)
    .max(64)
    .describe("what spoke: image, declaration, mass, radiation, central, clamp …"),
  code: z.string().min(1).max(64).describe("reason code, or CLAMP"),
  logOdds: oddsPart.describe("natural log of odds; adds up with the others"),
  detail: text,
});
export type Evidence = z.output<typeof evidenceSchema>;

export const bandsSchema = z.strictObject({ medium: probability, high: probability });
export type Bands = z.output<typeof bandsSchema>;

export const floorSchema = z.strictObject({
  class: z.enum(THREAT_CLASSES),
  score: probability,
  threshold: probability,
});
export type Floor = z.output<typeof floorSchema>;

/** `score` of a hit (`mqtt.md` "Score"). */
export const scoreSchema = z.strictObject({
  target: z.literal("any_irregularity"),
  probability: probability.describe("chance that a full examination finds an irregularity, calibrated"),
  logOdds: z.number().min(-MAX_LOG_ODDS).max(MAX_LOG_ODDS).describe("logit(prior) + Σ evidence, natural log"),
  band: z.enum(BANDS).describe("low below bands.medium, high from bands.high on"),
  bands: bandsSchema,
  profile: z.string().max(128).nullable().describe("version of the risk profile, null for the lane's own"),
  prior: z.number().gt(0).lt(1),
  image: probability.nullable().describe("what the image alone says"),
  declared: probability.nullable().describe("central's own risk figure for the declaration"),
  evidence: z.array(evidenceSchema).max(LIST_LIMITS.evidence),
  floor: z.array(floorSchema).max(THREAT_CLASSES.length),
});
export type Score = z.output<typeof scoreSchema>;

export const reasonSchema = z.strictObject({
  code: z.enum(Object.keys(REASON_CODES) as [ReasonCode, ...ReasonCode[]]),
  weight: z.number().describe("log-odds this reason adds, or its rank weight where it adds none"),
  text: text.describe("plain English"),
});
export type Reason = z.output<typeof reasonSchema>;

export const selectionSchema = z.strictObject({
  mode: z.enum(["all", "risk", "random"]),
  probability: probability.describe("chance that this item is proposed under the profile"),
});
export type Selection = z.output<typeof selectionSchema>;

export const similarSchema = z.strictObject({
  scanId: z.uuid(),
  similarity: probability,
  relation: z.string().max(64),
});

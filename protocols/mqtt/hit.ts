import { z } from "zod";
import { CAUSES, DECISIONS, RECOMMENDATIONS } from "../vocabulary.ts";
import { count, integritySchema, sha256Hex, timestamp, uuid } from "./common.ts";
import {
  contentSchema,
  detectionSchema,
  hitIdentifierSchema,
  hitImageSchema,
  hitModelSchema,
  hitScanSchema,
  hsChapterSchema,
  loadSchema,
  matchedDeclarationSchema,
  measuredSchema,
} from "./hit-scan.ts";
import { reasonSchema, scoreSchema, selectionSchema, similarSchema } from "./hit-score.ts";
import { LIST_LIMITS } from "./limits.ts";
import { GATEWAY_PATTERN, LANE_PATTERN, SITE_PATTERN } from "./names.ts";

/** `schema` of the hits this version sends. */
export const HIT_SCHEMA = "lynceus-hit/1.0";

/** Lists that may be named in `truncated`. */
export const TRUNCATABLE = [
  "detections",
  "evidence",
  "reasons",
  "declarations",
  "similar",
  "identifiers",
  "contents",
  "hsChapters",
  "findings",
  "images",
  "models",
  "profile",
  "texts",
] as const;
export type Truncatable = (typeof TRUNCATABLE)[number];

/** A site, or `local` where a scan was analysed without a gateway. */
const siteOrLocal = z.string().regex(new RegExp(`${SITE_PATTERN.source}|^local$`));

/** `data` of a hit (`mqtt.md` "Hit"), as this project sends it. Consumers read hits with `parseHit`. */
export const hitSchema = z
  .strictObject({
    schema: z.literal(HIT_SCHEMA),
    scanId: uuid.describe("UUIDv7"),
    journal: uuid.describe("minted with the spool"),
    sequence: count.describe("counts hits and alerts of the journal, +1, no gaps; 0 without a gateway"),
    bootId: uuid,
    revision: z.int().min(1).describe("the highest stands, whatever order they come in"),
    supersedes: uuid.nullable().describe("event id of the revision before, null for the first"),
    cause: z.enum(CAUSES),
    site: siteOrLocal,
    gateway: z.string().regex(GATEWAY_PATTERN),
    lane: z.string().regex(LANE_PATTERN),
    capturedAt: timestamp.describe("end of capture, on the gateway's clock"),
    receivedAt: timestamp.describe("last byte in"),
    decidedAt: timestamp.describe("time of this score"),
    clock: z.strictObject({
      synchronised: z.boolean(),
      offsetMs: z.number().nullable().describe("ms, gateway − reference; null unknown"),
      source: z.enum(["scanner", "gateway"]).describe("whose clock capturedAt comes from"),
    }),
    scan: hitScanSchema,
    identifiers: z.array(hitIdentifierSchema).max(LIST_LIMITS.identifiers),
    measured: measuredSchema,
    detections: z.array(detectionSchema).max(LIST_LIMITS.detections).describe("best first"),
    contents: z.array(contentSchema).max(LIST_LIMITS.contents),
    load: loadSchema.nullable().describe("containers and pallets"),
    hsChapters: z.array(hsChapterSchema).max(LIST_LIMITS.hsChapters),
    declarations: z
      .array(matchedDeclarationSchema)
      .max(LIST_LIMITS.declarations)
      .describe("best match first; empty = none"),
    score: scoreSchema,
    decision: z.enum(DECISIONS),
    recommendation: z.enum(RECOMMENDATIONS).describe("what the gateway advises; the authority decides"),
    reasons: z.array(reasonSchema).max(LIST_LIMITS.reasons).describe("most important first"),
    selection: selectionSchema,
    images: z.array(hitImageSchema).max(LIST_LIMITS.images).describe("evidence kept on the gateway"),
    tdr: z.strictObject({ sha256: sha256Hex, bytes: count }).nullable(),
    similar: z.array(similarSchema).max(LIST_LIMITS.similar),
    models: z.array(hitModelSchema).max(LIST_LIMITS.models).describe("what ran"),
    truncated: z.array(z.enum(TRUNCATABLE)).describe("lists that were cut"),
    integrity: integritySchema,
  })
  .describe("A hit score for one revision of one scan");
/** A hit as this project sends it. */
export type Hit = z.output<typeof hitSchema>;
/** A hit before it takes its place in the journal. */
export type UnsealedHit = Omit<Hit, "integrity">;

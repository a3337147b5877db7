import { z } from "zod";
import { QUALITY_METRICS, type QualityMetric } from "../../protocols/vocabulary.ts";

const hours = z.number().min(0).max(10_000);
/** All but whether a scan has its declaration, which is no fault of one. */
const WEIGHED = (Object.keys(QUALITY_METRICS) as QualityMetric[]).filter((metric) => metric !== "T2");
const share = z.number().min(0).max(1);
const least = z.strictObject({
  withCode: z.int().min(0).max(100).optional(),
  without: z.int().min(0).max(100).optional(),
});

/** `lanes[].fusion.quality`: what the data quality of declarations is measured against; see `fusion/quality-thresholds.ts`. */
export const qualitySchema = z.strictObject({
  leadHours: z
    .strictObject({
      sea: hours.optional(),
      air: hours.optional(),
      other: hours.optional(),
      export: hours.optional(),
    })
    .optional(),
  latencyHours: hours.optional(),
  words: least.optional(),
  characters: least.optional(),
  placeholderAmounts: z.array(z.number().min(0)).max(16).optional(),
  valueLevels: z
    .record(z.string().regex(/^[A-Z]{3}$/, "an ISO 4217 code such as EUR"), z.number().gt(0))
    .optional(),
  valueMargin: share.optional(),
  priceDeviations: z.number().min(1).max(10).optional(),
  massMargin: share.optional(),
  massTolerance: z
    .strictObject({ kg: z.number().gt(0).max(10_000).optional(), share: share.optional() })
    .optional(),
  splitFrom: z.int().min(2).max(100).optional(),
  splitDays: z.int().min(1).max(60).optional(),
  sumMargin: share.optional(),
  weights: z.partialRecord(z.enum(WEIGHED), z.number().min(0).max(1)).optional(),
});

import { z } from "zod";
import { BANDS, DECISIONS, QUALITY_METRICS, type QualityMetric } from "../vocabulary.ts";
import { count, lane, name, timestamp } from "./common.ts";

const metric = z.enum(Object.keys(QUALITY_METRICS) as [QualityMetric, ...QualityMetric[]]);
const milliseconds = z.number().min(0).nullable();

const laneStatistics = z.strictObject({
  lane,
  synthetic: z.boolean().describe("figures of synthetic scans are kept apart"),
  scans: count,
  incomplete: count,
  decisions: z.partialRecord(z.enum(DECISIONS), count),
  bands: z.partialRecord(z.enum(BANDS), count),
  withDeclaration: count,
  dataQuality: z.partialRecord(metric, z.strictObject({ checked: count, failed: count })),
});

/** `data` of `…/statistics`. */
export const statisticsSchema = z
  .strictObject({
    from: timestamp,
    to: timestamp,
    lanes: z.array(laneStatistics).max(64),
    models: z
      .array(
        z.strictObject({
          name,
          version: z.string().max(64),
          runs: count,
          failures: count,
          p50Ms: milliseconds,
          p95Ms: milliseconds,
        }),
      )
      .max(64),
    outcomes: z.strictObject({ confirmed: count, refuted: count, partial: count, unknownScan: count }),
  })
  .describe("Volumes, data quality and model figures over a period; no personal data");
export type Statistics = z.output<typeof statisticsSchema>;

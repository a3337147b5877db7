import { z } from "zod";
import { BANDS, DECISIONS, FLOWS, QUALITY_METRICS, type QualityMetric } from "../vocabulary.ts";
import { count, lane, name, probability, timestamp } from "./common.ts";
import { performanceSchema } from "./performance.ts";

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

/** A rate: how often it was looked at and failed, and the Wilson interval (95 %) of the share. */
const rate = z.strictObject({ checked: count, failed: count, low: probability, high: probability });

const senderQuality = z.strictObject({
  by: z.enum(["declarant", "platform", "post", "regime"]),
  key: z
    .string()
    .max(64)
    .describe(
      "public number of a legal person, kind of any other party; IMPC or country of a post; regime; other",
    ),
  declarations: count,
  metrics: z.partialRecord(metric, rate),
});

const volume = z.strictObject({
  flow: z.enum(FLOWS).nullable(),
  chapter: z
    .string()
    .regex(/^\d{2}$/)
    .nullable()
    .describe("HS chapter; null: none stated, or of all kinds"),
  origin: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .nullable()
    .describe("ISO 3166-1 alpha-2"),
  declarations: count,
  items: count,
  netMassKg: z.number().min(0).describe("kg"),
});

const candidate = z.strictObject({
  name,
  version: z.string().max(64),
  stage: z.enum(["shadow", "canary"]).describe("canary: it decides a share of the scans"),
  compared: count.describe("scans on which it ran beside the active package, since the stage began"),
  failures: count.describe("runs of it that gave nothing"),
  disagreements: count.describe("scans on which one found something and the other did not"),
  psi: z.number().nullable().describe("population stability index of its scores; null: none compared"),
  p99Ms: milliseconds,
  activeP99Ms: milliseconds,
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
    linkRate: z
      .array(rate.extend({ flow: z.enum(FLOWS).nullable().describe("null: the identifier tells none") }))
      .max(FLOWS.length + 1)
      .optional()
      .describe("scans without their declaration at scan time (T2), by flow; synthetic scans are left out"),
    dataQualityBy: z
      .array(senderQuality)
      .max(64)
      .optional()
      .describe("who sends what data: declarations stored in the period, the largest senders first"),
    volumes: z
      .array(volume)
      .max(200)
      .optional()
      .describe("what is declared, by flow, HS chapter and origin; the largest first"),
    timeliness: z
      .strictObject({
        declarations: count,
        latencyP50Seconds: z.number().nullable().describe("issue to receipt, s"),
        latencyP95Seconds: z.number().nullable().describe("s"),
        amended: count,
        amendedAfterArrival: count,
      })
      .optional(),
    scrubbed: count.optional().describe("personal pieces taken out of declarations"),
    outcomes: z.strictObject({ confirmed: count, refuted: count, partial: count, unknownScan: count }),
    candidates: z
      .array(candidate)
      .max(16)
      .optional()
      .describe(
        "model packages on trial: their results are compared with those that decide, never published as hits",
      ),
    performance: z
      .array(performanceSchema)
      .max(2)
      .optional()
      .describe("outcomes against scores, the last 90 days"),
  })
  .describe("Volumes, data quality and model figures over a period; no personal data");
export type Statistics = z.output<typeof statisticsSchema>;

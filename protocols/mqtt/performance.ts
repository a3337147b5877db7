import { z } from "zod";
import { count, name, probability, text, timestamp } from "./common.ts";

const share = probability.nullable();
const claim = {
  items: count.describe("scans"),
  examined: count.describe("of them, fully examined"),
  irregular: count.describe("of these, irregular"),
  expected: z.number().min(0).describe("sum of their probabilities: as many irregular ones were claimed"),
};
const part = {
  name,
  ...claim,
  recall: share.describe("share of all irregular items that is among them"),
  ece: share,
  stability: z.number().min(0).nullable().describe("population stability index; from 0.25 on moved"),
};

/** Outcomes against scores over a longer period: `performance` of `…/statistics`. Rates are those of full examinations. */
export const performanceSchema = z.strictObject({
  synthetic: z.boolean().describe("figures of synthetic scans are kept apart"),
  from: timestamp,
  to: timestamp,
  ...claim,
  auc: share,
  brier: share,
  ece: share,
  at: z
    .array(z.strictObject({ share: probability, ...claim, recall: share }))
    .max(16)
    .describe("the best scores, by share of all scans; recall null: nothing was drawn at random"),
  alarms: z.strictObject({ ...claim, recall: share, falseAlarms: share }),
  reasons: z.array(z.strictObject(part)).max(64),
  models: z
    .array(
      z.strictObject({
        ...part,
        auc: share,
      }),
    )
    .max(64),
  drift: z.strictObject({
    stability: z.number().min(0).nullable(),
    findings: z.array(text).max(16),
  }),
});
export type PerformanceStatistics = z.output<typeof performanceSchema>;

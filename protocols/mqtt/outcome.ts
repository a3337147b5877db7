import { z } from "zod";
import { GOODS_GROUPS, OUTCOME_RESULTS, THREAT_CLASSES } from "../vocabulary.ts";
import { timestamp, uuid } from "./common.ts";

export const OUTCOME_SCHEMA = "lynceus-outcome/1.0";

/** `data` of `{root}/v1/{site}/outcome`. */
export const outcomeSchema = z
  .strictObject({
    schema: z.literal(OUTCOME_SCHEMA),
    outcomeId: uuid.describe("of the same outcomeId the latest `at` stands"),
    scanId: uuid,
    revision: z.int().min(1).describe("revision of the hit that was acted on"),
    result: z.enum(OUTCOME_RESULTS).describe("what was found, whatever the hit advised"),
    examination: z.enum(["full", "partial", "documents"]).describe("calibration learns from full ones only"),
    classes: z.array(z.enum(THREAT_CLASSES)).max(THREAT_CLASSES.length),
    goodsGroups: z.array(z.enum(GOODS_GROUPS)).max(GOODS_GROUPS.length),
    officerAction: z.string().max(64).nullable(),
    at: timestamp,
  })
  .describe("The result of an examination");
export type Outcome = z.output<typeof outcomeSchema>;

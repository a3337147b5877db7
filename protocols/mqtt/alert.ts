import { z } from "zod";
import { SEVERITIES } from "../vocabulary.ts";
import { count, integritySchema, lane, text, uuid } from "./common.ts";

/**
 * Alert codes this version raises, each with what it means. Consumers read an alert whose code they do not know by its
 * message.
 */
export const ALERT_CODES = {
  UNDELIVERABLE: "A row of the journal cannot be delivered; details {sequence, id, scanId, reason}",
  DECLARATION_DEAD_LETTER: "A declaration could not be read; details say where",
  DECLARATION_CONFLICT: "The same aedId and revision came with other content; the first stands",
  SCAN_REF_REUSED: "A scanner used a scanRef again with another start time; stored as a new scan",
  LINK_ERRORS: "The scanner's link loses frames above the tolerated rate",
  DISK_LOW: "The disk is below its minimum; the scanner is refused until space is freed",
  INFERENCE_RESTARTED: "The inference process was stuck or died and was replaced",
  MODEL_REFUSED: "A model package failed its known-answer test or its digests",
  DECIDING_ON_SYNTHETIC: "A lane decides on synthetic scans as if they were real: test sites only",
  TRACKING_AMBIGUOUS: "Readings could not be tied to an item with certainty",
  CLOCK_UNSYNCHRONISED: "The gateway's clock is not synchronised",
  OUTCOME_CONFLICT: "An outcome could not be read or contradicts an earlier one",
} as const;
export type AlertCode = keyof typeof ALERT_CODES;

/** Details of the alert `UNDELIVERABLE`. */
export const undeliverableDetailsSchema = z.strictObject({
  sequence: count,
  id: uuid,
  scanId: uuid.nullable(),
  reason: text,
});

const detail = z.union([z.string().max(500), z.number(), z.boolean(), z.null()]);

/** `data` of `…/alert`. */
export const alertSchema = z
  .strictObject({
    code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/),
    severity: z.enum(SEVERITIES),
    message: text.describe("what happened, plain English, no personal data"),
    remedy: text.describe("what to do about it"),
    lane: lane.optional(),
    scanId: uuid.optional(),
    details: z.record(z.string().max(64), detail).describe("figures and names by code"),
    journal: uuid,
    sequence: count.describe("counted with the hits of the journal"),
    integrity: integritySchema,
  })
  .describe("Something an operator should know, in the journal with the hits");
export type Alert = z.output<typeof alertSchema>;
/** An alert before it takes its place in the journal. */
export type UnsealedAlert = Omit<Alert, "integrity">;

import { z } from "zod";
import { count, uuid } from "./common.ts";
import { MAX_RECEIPT_IDS } from "./limits.ts";

/** `data` of `…/receipt`: `journal`, and `ids` or `upToSequence`. */
export const receiptSchema = z
  .strictObject({
    journal: uuid.describe("a receipt for another journal is ignored"),
    ids: z.array(uuid).max(MAX_RECEIPT_IDS).optional().describe("event ids durable at central"),
    upToSequence: count.optional().describe("1 … n are durable at central"),
  })
  .refine((receipt) => receipt.ids !== undefined || receipt.upToSequence !== undefined, {
    error: "must hold ids or upToSequence",
  })
  .meta({
    description: "Central has these rows on disk; the gateway may free them",
    anyOf: [{ required: ["ids"] }, { required: ["upToSequence"] }],
  });
export type Receipt = z.output<typeof receiptSchema>;

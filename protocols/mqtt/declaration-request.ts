import { z } from "zod";
import { IDENTIFIER_SCHEMES } from "../vocabulary.ts";
import { gateway, timestamp, uuid } from "./common.ts";

/** `data` of `{root}/v1/{site}/declaration/request`. */
export const declarationRequestSchema = z
  .strictObject({
    gateway,
    scanId: uuid.optional(),
    identifiers: z
      .array(z.strictObject({ scheme: z.enum(IDENTIFIER_SCHEMES), value: z.string().min(1).max(70) }))
      .max(64)
      .optional(),
    since: timestamp.optional().describe("everything from then on, after a lost session"),
  })
  .refine(
    (request) =>
      request.scanId !== undefined || request.identifiers !== undefined || request.since !== undefined,
    {
      error: "must hold scanId, identifiers or since",
    },
  )
  .meta({
    description: "A gateway asks central for declarations",
    anyOf: [{ required: ["scanId"] }, { required: ["identifiers"] }, { required: ["since"] }],
  });
export type DeclarationRequest = z.output<typeof declarationRequestSchema>;

import { z } from "zod";
import { FLOWS, THREAT_CLASSES } from "../vocabulary.ts";
import { probability, timestamp } from "./common.ts";
import { bandsSchema } from "./hit-score.ts";

/** `data` of the retained profile topic: a compact JWS, EdDSA, by a key in `trust.central`. */
export const signedProfileSchema = z
  .string()
  .max(60_000)
  .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
  .describe("A signed risk profile: compact JWS, EdDSA, payload lynceus-profile/1.0");
export type SignedProfile = z.output<typeof signedProfileSchema>;

/** Payload of the JWS. A lower version than the one in force is refused. */
export const profileSchema = z
  .strictObject({
    schema: z.literal("lynceus-profile/1.0"),
    version: z.int().min(1),
    validFrom: timestamp,
    flows: z.partialRecord(
      z.enum(FLOWS),
      z.strictObject({ prior: z.number().gt(0).lt(1), bands: bandsSchema, randomRate: probability }),
    ),
    thresholds: z.partialRecord(z.enum(THREAT_CLASSES), probability),
    stopTerms: z.array(z.string().min(1).max(64)).max(5000),
    watchList: z.strictObject({
      keyEpoch: z.string().max(16),
      tokens: z.array(z.string().regex(/^[a-z0-9]+:[A-Za-z0-9_-]{22,64}$/)).max(1000),
    }),
  })
  .describe("Risk profile of a site");
export type Profile = z.output<typeof profileSchema>;

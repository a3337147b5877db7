import { z } from "zod";
import { FLOWS, THREAT_CLASSES } from "../vocabulary.ts";
import { probability, timestamp } from "./common.ts";
import { bandsSchema } from "./hit-score.ts";

/** Payload of a profile's JWS. */
export const PROFILE_SCHEMA = "lynceus-profile/1.0";

/** `data` of the retained profile topic: a compact JWS, EdDSA, by a key in `trust.central`. */
export const signedProfileSchema = z
  .string()
  .max(60_000)
  .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
  .describe("A signed risk profile: compact JWS, EdDSA, payload lynceus-profile/1.0");
export type SignedProfile = z.output<typeof signedProfileSchema>;

const terms = z.array(z.string().min(1).max(64)).max(5000);
const termLists = z.union([terms, z.partialRecord(z.string().max(16), terms)]);

const sourceCalibrationSchema = z.strictObject({
  slope: z.number().min(0).max(10),
  offset: z.number().min(-10).max(10),
  discount: z.number().gt(0).max(1),
});

/** Payload of the JWS. A lower version than the highest that was taken is refused. */
export const profileSchema = z
  .strictObject({
    schema: z.literal(PROFILE_SCHEMA),
    version: z.int().min(1),
    validFrom: timestamp.describe("in force from then on; until then the one before stands"),
    aud: z
      .union([z.string().max(64), z.array(z.string().max(64)).max(64)])
      .describe("SITE or SITE/GATEWAY that it is for; absent: the site on whose topic it stands")
      .optional(),
    flows: z
      .partialRecord(
        z.enum(FLOWS),
        z.strictObject({
          prior: z.number().gt(0).lt(1).optional(),
          bands: bandsSchema.optional(),
          randomRate: probability
            .describe("chance that an item which nothing else selects is proposed")
            .optional(),
        }),
      )
      .optional(),
    thresholds: z
      .partialRecord(z.enum(THREAT_CLASSES), probability)
      .describe("score from which a detection alarms; of a class whose role is alarm, a floor")
      .optional(),
    floor: z
      .partialRecord(z.enum(THREAT_CLASSES), probability)
      .describe("score from which a class alarms whatever else is known, where that is not its threshold")
      .optional(),
    roles: z
      .partialRecord(z.enum(THREAT_CLASSES), z.enum(["alarm", "evidence"]))
      .describe("whether a class is an alarm, or counts only against what is declared")
      .optional(),
    stopTerms: z
      .union([
        termLists,
        z.strictObject({ version: z.union([z.string().max(64), z.int()]), terms: termLists }),
      ])
      .describe(
        "terms that describe no goods, in one list or by language, with a version of their own or not; an empty list leaves the gateway's own",
      )
      .optional(),
    watchList: z
      .strictObject({
        keyEpoch: z.string().max(16),
        tokens: z.array(z.string().regex(/^[a-z0-9]+:[A-Za-z0-9_-]{22,64}$/)).max(1000),
      })
      .optional(),
    hazardShares: z
      .partialRecord(z.enum(THREAT_CLASSES), probability)
      .describe("share of all irregular items whose irregularity the class is")
      .optional(),
    deMinimisEur: z.number().min(0).max(1e6).describe("declared value up to which nothing is due").optional(),
    examinationsPerHour: z.number().min(0).max(1e5).nullable().describe("null: as many as needed").optional(),
    calibration: z
      .strictObject({
        name: z.string().min(1).max(64).describe("what it was fitted on"),
        sources: z.partialRecord(z.string().max(32), sourceCalibrationSchema),
      })
      .describe("how far each source is believed: discount × (slope × log-odds + offset)")
      .optional(),
  })
  .describe("Risk profile of a site");
export type Profile = z.output<typeof profileSchema>;

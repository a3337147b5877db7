/** Packages of task `tabular`: they score the rows of a declaration, not images (contract `model-package.md`). */
import { z } from "zod";
import {
  classSchema,
  filesSchema,
  insideSchema,
  semverSchema,
  TABULAR_TASK,
  type VerifiedPackage,
  verifyPackage,
} from "./package.ts";

/** Columns that hold codes, as {@link codeOf} makes whole numbers of them. */
export const CODE_COLUMNS = ["hs6", "originCountry", "departureCountry", "transportMode"] as const;
/** Columns that hold amounts: kilograms, and money in the package's currency. */
export const AMOUNT_COLUMNS = ["netMassKg", "value"] as const;

const codesSchema = z.object({
  name: z.literal("codes"),
  type: z.literal("int64"),
  columns: z.array(z.enum(CODE_COLUMNS)).min(1).max(CODE_COLUMNS.length),
});

const amountsSchema = z.object({
  name: z.literal("amounts"),
  type: z.literal("float64"),
  columns: z.array(z.enum(AMOUNT_COLUMNS)).min(1).max(AMOUNT_COLUMNS.length),
  /** ISO 4217: what `value` is in. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** ISO 4217 → how much of `currency` one unit is worth. A currency that is not listed leaves the value missing. */
  rates: z.record(z.string().regex(/^[A-Z]{3}$/), z.number().positive()),
});

export const tabularManifestSchema = z.object({
  schema: z.literal("lynceus-model/1"),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  version: semverSchema,
  task: z.literal(TABULAR_TASK),
  provider: z.string().min(1).max(200),
  inputs: z.tuple([codesSchema, amountsSchema]),
  /** One raw score a row, 0..1. */
  outputs: z.tuple([z.object({ name: z.string().min(1) })]),
  /** The one thing it gives the chance of. */
  classes: z.array(classSchema).length(1),
  golden: z.object({
    atol: z.number().nonnegative(),
    rtol: z.number().nonnegative(),
    cases: z
      .array(z.object({ input: insideSchema, output: insideSchema }))
      .min(1)
      .max(16),
  }),
  metrics: z.record(z.string(), z.unknown()),
  training: z.record(z.string(), z.unknown()),
  files: filesSchema,
  keyId: z.string().nullable(),
  minimumRuntime: semverSchema,
});

export type TabularManifest = z.infer<typeof tabularManifestSchema>;
export type TabularPackage = VerifiedPackage<TabularManifest>;

/**
 * Reads a tabular package and verifies size and SHA-256 of its every file.
 * @throws LynceusError LYN_MODEL_UNREADABLE, LYN_MODEL_MANIFEST_INVALID, LYN_MODEL_DIGEST_MISMATCH
 */
export async function loadTabularPackage(directory: string): Promise<TabularPackage> {
  return verifyPackage(directory, tabularManifestSchema);
}

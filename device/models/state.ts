import { z } from "zod";

/** Failures of one package that are kept, the newest. */
export const MAX_FAILURES = 16;
/** Names of packages that a gateway manages. */
export const MAX_NAMES = 64;

const version = z.string().max(64);
const time = z.int().min(0);
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What an installed package has come to. */
export const STAGES = ["verified", "shadow", "canary", "active", "retired", "failed"] as const;
export type Stage = (typeof STAGES)[number];

const figures = z.object({
  /** Scans on which both ran. */
  compared: z.int().min(0),
  /** Runs of the candidate that gave nothing: not numbers, too late, its process gone. */
  failures: z.int().min(0),
  /** Scans on which one of the two found something above its threshold and the other did not. */
  disagreements: z.int().min(0),
  /** Population stability index of the scores; null: none are compared. */
  psi: z.number().nullable(),
  /** ms; null: nothing was run yet. */
  p99Ms: z.number().nullable(),
  activeP99Ms: z.number().nullable(),
});
/** How a candidate compares with the active package on the scans of this gateway. */
export type ComparisonFigures = z.output<typeof figures>;

const installed = z.object({
  version,
  sha256: digest,
  /** Key id, or `release`. */
  trustedBy: z.string().max(64),
  task: z.string().max(32),
  stage: z.enum(STAGES),
  /** ms since the epoch: when it came, and when the stage began. */
  at: time,
  since: time,
  /** Loads that were begun and not proved good yet: written before each, so that what kills the machine is counted too. */
  attempts: z.int().min(0),
  /** It decided long enough without a fault: nothing older is taken any more. */
  proved: z.boolean().default(false),
  /** Times its process was lost, ms since the epoch: those of the last ten minutes. */
  losses: z.array(time).max(MAX_FAILURES).default([]),
  /** Of its shadow or canary; absent: none yet. */
  figures: figures.optional(),
  /** Why it failed; null where it has not. */
  reason: z.string().max(300).nullable().default(null),
});
/** One version of a package in the store. */
export type Installed = z.output<typeof installed>;

const managed = z.object({
  /** What runs; null: the package of the site's folder or of the release. */
  active: version.nullable(),
  /** What `rollback` goes back to; undefined: nothing to go back to. */
  previous: version.nullable().optional(),
  /** The highest version that was ever active: a lower one is only reached by a rollback. */
  floor: version.nullable(),
  versions: z.array(installed).max(16),
});
/** What is known of the packages of one name. */
export type Managed = z.output<typeof managed>;

export const stateSchema = z.object({
  schema: z.literal("lynceus-models/1"),
  /** Counts changes. */
  revision: z.int().min(0),
  models: z.record(z.string().max(64), managed),
});
/** What is installed, and which of it runs: one file, replaced as a whole. */
export type ModelsState = z.output<typeof stateSchema>;

export function emptyState(): ModelsState {
  return { schema: "lynceus-models/1", revision: 0, models: {} };
}

export function emptyManaged(): Managed {
  return { active: null, floor: null, versions: [] };
}

import { z } from "zod";
import type { ConfigFault } from "./issues.ts";

const share = z.number().min(0).max(1);
const scans = z.int().min(1).max(1_000_000);

/** What a new package of a model goes through before it decides: device/models/README.md. */
const rollout = z.strictObject({
  promote: z.enum(["automatic", "command"]).default("automatic"),
  shadowScans: scans.default(500),
  canaryShare: share.default(0.1),
  canaryLane: z.string().min(1).max(64).optional(),
  canaryScans: scans.default(200),
  probationScans: scans.default(200),
  latencyRatio: z.number().min(1).max(1000).default(1.2),
  psi: z.number().gt(0).max(10).default(0.2),
});

export const modelsSchema = z
  .strictObject({
    path: z.string().min(1).optional(),
    sources: z.array(z.string().min(1).max(1024)).max(16).default([]),
    rollout: rollout.prefault({}),
  })
  .prefault({});
/** `models` of a valid configuration. */
export type ModelsConfig = z.output<typeof modelsSchema>;

/** What is valid and should be thought over. */
export function modelsWarnings({
  models,
  trust,
  lanes,
}: {
  readonly models: ModelsConfig;
  readonly trust: { readonly models: readonly string[]; readonly modelsRoot?: string | undefined };
  readonly lanes: readonly { readonly id: string }[];
}): readonly ConfigFault[] {
  const warnings: ConfigFault[] = [];
  if (models.sources.length > 0 && trust.modelsRoot === undefined)
    warnings.push({
      path: "models.sources",
      message: "nothing is taken from them without trust.modelsRoot, the repository's first root.json",
    });
  if (models.sources.length > 0 && trust.models.length === 0)
    warnings.push({
      path: "models.sources",
      message: "every package of them is refused without a key in trust.models",
    });
  const { canaryLane } = models.rollout;
  if (canaryLane !== undefined && !lanes.some(({ id }) => id === canaryLane))
    warnings.push({
      path: "models.rollout.canaryLane",
      message: `there is no lane ${canaryLane}: a canary would decide nothing`,
    });
  return warnings;
}

/** Paths resolved: that of the packages, and sources that are folders. */
export function absoluteModels(models: ModelsConfig, absolute: (path: string) => string): ModelsConfig {
  const sources = models.sources.map((source) => (/^\.{1,2}\//.test(source) ? absolute(source) : source));
  return { ...models, sources, path: models.path === undefined ? undefined : absolute(models.path) };
}

import { isLynceusError } from "../../../protocols/errors.ts";
import { fuse } from "../../fusion/fuse.ts";
import { type HitData, hitData } from "../../fusion/hit.ts";
import type { FusionSettings } from "../../fusion/input.ts";
import { fusionSettings } from "../../fusion/settings.ts";
import { analyseScan } from "../../inference/analyse.ts";
import type { LoadedModels } from "../../inference/models.ts";
import { readPlanes } from "../../inference/planes.ts";
import type { PlaneVault } from "../../keys/plane-vault.ts";
import { type JudgedHit, judge } from "../../outcomes/judged.ts";
import { StoredCases } from "../../outcomes/stored-cases.ts";
import type { Analysis } from "../../scan.ts";
import { MAX_SCORES } from "../../spool/operations/outcomes.ts";
import type { StoredScan } from "../../spool/port.ts";
import type { LaneSettings } from "../lane-settings.ts";
import { notReplayed, type Replayed, replayed } from "./result.ts";

/** Scans of one replay; the newest. */
export const MAX_REPLAYED = 100_000;

export interface SpoolReplay {
  /** The spool's folder. */
  readonly path: string;
  readonly site: string;
  readonly gateway: string;
  /** Unseals the keys of encrypted planes. */
  readonly vault?: PlaneVault | undefined;
  /** Scans received between two times, ms since the epoch, `to` excluded. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  /** Models that look at the images again; null: the stored analyses are scored again. */
  readonly models: LoadedModels | null;
  /** How lanes are scored; null: as their hits say that they were. */
  readonly lanes: LaneSettings | null;
  /** Changes the settings of each scan, as a profile does. */
  readonly adjust: (settings: FusionSettings) => FusionSettings;
}

/** Scores stored scans again, one by one. Reads beside a running gateway; nothing is published and nothing stored is changed. */
export async function* replaySpool(options: SpoolReplay): AsyncGenerator<Replayed> {
  const { path, site, gateway, vault, from, to, limit } = options;
  const cases = new StoredCases({ path, site, gateway, vault });
  try {
    const scores = judge(cases.reader.scores({ from: 0, to: Number.MAX_SAFE_INTEGER, limit: MAX_SCORES }));
    const known = new Map(scores.map((score) => [score.scanId, score]));
    for (const stored of cases.reader.scans({ from, to, limit: Math.min(limit, MAX_REPLAYED) }))
      yield await replayOne(stored, cases, options, known.get(stored.scan.scanId) ?? null);
  } finally {
    cases.close();
  }
}

async function replayOne(
  stored: StoredScan,
  cases: StoredCases,
  { models, lanes, adjust }: SpoolReplay,
  score: JudgedHit | null,
): Promise<Replayed> {
  const { scan } = stored;
  const irregular = score?.irregular ?? null;
  const hit = cases.hit(scan.scanId) ?? (score === null ? null : await erasedHit(stored, cases, score));
  if (hit === null) return notReplayed(scan.scanId, "it was never scored, or too long ago");
  const analysis = await analysisOf(stored, models);
  if (typeof analysis === "string") return notReplayed(scan.scanId, analysis);
  const own = lanes?.of(scan.lane) ?? settingsOf(hit);
  const settings = adjust(own.settings);
  const input = await cases.input({ ...own, stored, hit, analysis, settings });
  return replayed(scan.scanId, hit, hitData(input, fuse(input)), irregular);
}

/** What the models say of the scan, or why they cannot. What is not theirs to say stays as it was measured. */
async function analysisOf(stored: StoredScan, models: LoadedModels | null): Promise<Analysis | string> {
  const { scan, analysis } = stored;
  if (models === null) return analysis ?? "it was not analysed";
  try {
    const anew = await analyseScan(readPlanes(scan), models);
    if (analysis === null) return anew;
    const { xrayMass, similar, images } = analysis;
    return { ...anew, xrayMass, similar, images };
  } catch (error) {
    if (isLynceusError(error)) return `its planes cannot be read, or are not kept any more: ${error.message}`;
    throw error;
  }
}

/**
 * A hit whose data was erased after delivery: its result is kept with the scores; what it was made of is what its analysis gives.
 */
async function erasedHit(stored: StoredScan, cases: StoredCases, kept: JudgedHit): Promise<HitData> {
  const { prior, profile, probability, logOdds } = kept;
  const settings = fusionSettings({ prior, profile });
  const { analysis } = stored;
  const input = await cases.input({ stored, hit: null, analysis, settings, decideOnSynthetic: true });
  const data = hitData(input, fuse(input));
  const band = kept.band as HitData["score"]["band"];
  return {
    ...data,
    decision: kept.decision as HitData["decision"],
    recommendation: kept.recommendation as HitData["recommendation"],
    score: { ...data.score, probability, logOdds, band },
  };
}

/** How a hit was scored, as far as it says itself. */
function settingsOf({ score, scan, recommendation }: HitData) {
  const floor = Object.fromEntries(score.floor.map((entry) => [entry.class, entry.threshold]));
  const { profile, prior, bands } = score;
  const foreign = scan.purpose !== "OPERATIONAL" || scan.origin !== "MACHINE";
  return {
    settings: fusionSettings({ profile, prior, bands, floor }),
    decideOnSynthetic: foreign && recommendation !== "NO_DECISION",
  };
}

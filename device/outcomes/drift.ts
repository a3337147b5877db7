import { type Claim, claimOf, type JudgedHit } from "./judged.ts";

/** The newest part of the period, in time, that is held against the rest. */
const RECENT = 0.25;
/** Items on either side below which shares say nothing. */
const LEAST_ITEMS = 100;
/** Full examinations below which calibration says nothing. */
const LEAST_EXAMINED = 20;
/** Population stability index from which scores count as moved (the usual reading: 0.1 some, 0.25 much). */
export const PSI_LIMIT = 0.25;
/** Standard deviations from which a difference is no chance. */
export const Z_LIMIT = 3;
const BINS = 10;

/** How the newest quarter of a period differs from what came before. */
export interface Drift {
  readonly before: Side;
  readonly recent: Side;
  /** Population stability index of the scores; null: too few. */
  readonly psi: number | null;
  /** Plain English, empty where nothing moved. */
  readonly findings: readonly string[];
}

export interface Side {
  readonly items: number;
  readonly meanLogOdds: number | null;
  readonly claim: Claim;
}

/** Divides a period by time: the newest quarter, and the rest. */
export function divide(
  hits: readonly JudgedHit[],
  { from, to }: { readonly from: number; readonly to: number },
): { readonly before: readonly JudgedHit[]; readonly recent: readonly JudgedHit[] } {
  const first = Math.max(from, hits[0]?.at ?? from);
  const border = to - (to - first) * RECENT;
  return { before: hits.filter(({ at }) => at < border), recent: hits.filter(({ at }) => at >= border) };
}

export function driftOf(before: readonly JudgedHit[], recent: readonly JudgedHit[]): Drift {
  const psi = stability(before, recent);
  const sides = { before: sideOf(before), recent: sideOf(recent) };
  return { ...sides, psi, findings: findingsOf(sides.recent, psi) };
}

function sideOf(hits: readonly JudgedHit[]): Side {
  const sum = hits.reduce((total, { logOdds }) => total + logOdds, 0);
  return {
    items: hits.length,
    meanLogOdds: hits.length === 0 ? null : sum / hits.length,
    claim: claimOf(hits),
  };
}

function findingsOf({ claim }: Side, psi: number | null): readonly string[] {
  const findings: string[] = [];
  if (psi !== null && psi >= PSI_LIMIT)
    findings.push(`the scores have moved (stability index ${psi.toFixed(2)}, limit ${PSI_LIMIT})`);
  if (isOff(claim)) {
    const { irregular, expected, examined } = claim;
    const more = irregular > expected ? "more" : "fewer";
    findings.push(
      `${more} irregular items than the scores claim: ${irregular} of ${examined} examined, ${expected.toFixed(1)} expected`,
    );
  }
  return findings;
}

/** Whether what was found differs from what was claimed by more than chance. */
export function isOff({ examined, z }: Claim): boolean {
  return z !== null && examined >= LEAST_EXAMINED && Math.abs(z) >= Z_LIMIT;
}

/** Population stability index over tenths of the scores before; null where either side has too few items. */
function stability(before: readonly JudgedHit[], recent: readonly JudgedHit[]): number | null {
  if (before.length < LEAST_ITEMS || recent.length < LEAST_ITEMS) return null;
  const sorted = before.map(({ logOdds }) => logOdds).sort((a, b) => a - b);
  const edges = new Set(
    Array.from(
      { length: BINS - 1 },
      (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / BINS)] as number,
    ),
  );
  const limits = [...edges];
  const old = sharesOf(before, limits);
  return sharesOf(recent, limits).reduce((sum, share, at) => {
    const was = old[at] as number;
    return sum + (share - was) * Math.log(share / was);
  }, 0);
}

/** Share of each bin, with half an item in each so that none is empty. */
function sharesOf(hits: readonly JudgedHit[], limits: readonly number[]): readonly number[] {
  const counts = new Array<number>(limits.length + 1).fill(0.5);
  for (const { logOdds } of hits) {
    const at = limits.findIndex((limit) => logOdds < limit);
    counts[at < 0 ? limits.length : at]! += 1;
  }
  return counts.map((count) => count / (hits.length + counts.length / 2));
}

/** How the share of items with a reason has changed. */
export interface ShareDrift {
  readonly before: number | null;
  readonly recent: number | null;
  /** Difference in standard deviations; null: too few items. */
  readonly z: number | null;
}

export function shareDrift(
  before: { readonly count: number; readonly of: number },
  recent: { readonly count: number; readonly of: number },
): ShareDrift {
  const share = ({ count, of }: { count: number; of: number }) => (of === 0 ? null : count / of);
  const known = before.of >= LEAST_ITEMS && recent.of >= LEAST_ITEMS;
  const pooled = (before.count + recent.count) / Math.max(1, before.of + recent.of);
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / before.of + 1 / recent.of));
  const difference = (share(recent) ?? 0) - (share(before) ?? 0);
  const z = known && spread > 0 ? difference / spread : null;
  return { before: share(before), recent: share(recent), z };
}

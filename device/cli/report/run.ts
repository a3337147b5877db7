import type { Config } from "../../config/schema.ts";
import type { FusionSettings } from "../../fusion/input.ts";
import { type JudgedHit, judge } from "../../outcomes/judged.ts";
import { type Performance, performanceOf } from "../../outcomes/performance.ts";
import { type ExaminedItem, type Proposal, proposalOf } from "../../outcomes/propose.ts";
import { fitWeights } from "../../outcomes/ranking.ts";
import { StoredCases } from "../../outcomes/stored-cases.ts";
import { MAX_SCORES } from "../../spool/operations/outcomes.ts";
import type { LaneSettings } from "../lane-settings.ts";

/** Full examinations that a fit is made of; the newest. */
const MAX_FITTED = 20_000;

/** Outcomes against scores of one gateway. Real and synthetic scans are never counted together. */
export interface Report {
  readonly schema: "lynceus-report/1";
  readonly site: string;
  readonly gateway: string;
  /** RFC 3339 */
  readonly from: string;
  readonly to: string;
  readonly populations: readonly Population[];
}

export interface Population {
  readonly synthetic: boolean;
  readonly performance: Performance;
  readonly proposal: Proposal & { readonly flows: readonly string[] };
}

export interface ReportOptions {
  readonly config: Config;
  readonly settings: LaneSettings;
  /** ms since the epoch, `to` excluded. */
  readonly from: number;
  readonly to: number;
}

/** Reads beside a running gateway and changes nothing. Throws LYN_SPOOL_MISSING, LYN_JOURNAL_VERSION. */
export async function reportOf({ config, settings, from: since, to }: ReportOptions): Promise<Report> {
  const { site, id: gateway } = config.gateway;
  const cases = new StoredCases({ path: config.spool.path, site, gateway });
  try {
    const hits = judge(cases.reader.scores({ from: since, to, limit: MAX_SCORES }));
    const from = Math.max(since, hits[0]?.at ?? (since === 0 ? to : since));
    const unknownScan = cases.reader.unknownOutcomes();
    const populations: Population[] = [];
    for (const synthetic of [false, true]) {
      const own = hits.filter(({ real }) => real !== synthetic);
      if (own.length === 0 && (synthetic || hits.length > 0)) continue;
      const performance = performanceOf(own, { from, to, unknownScan });
      const items = await examined(own, cases, settings);
      const name = `outcomes to ${new Date(to).toISOString().slice(0, 10)}`;
      const flows = [...new Set(own.flatMap(({ flow }) => (flow === null ? [] : [flow])))].sort();
      populations.push({ synthetic, performance, proposal: { ...proposalOf(items, name), flows } });
    }
    const time = (at: number) => new Date(at).toISOString();
    return { schema: "lynceus-report/1", site, gateway, from: time(from), to: time(to), populations };
  } finally {
    cases.close();
  }
}

/** Items as fusion takes them, of which all that their hit knew is still there. */
async function examined(
  hits: readonly JudgedHit[],
  cases: StoredCases,
  lanes: LaneSettings,
): Promise<readonly ExaminedItem[]> {
  const weights = fitWeights(hits);
  const items: ExaminedItem[] = [];
  for (const hit of hits.filter(({ irregular }) => irregular !== null).slice(-MAX_FITTED)) {
    const stored = cases.reader.scan(hit.scanId);
    if (stored === null) continue;
    const { settings } = lanes.of(hit.lane);
    const input = await cases.input({
      stored,
      hit: null,
      analysis: stored.analysis,
      settings: settings satisfies FusionSettings,
      decideOnSynthetic: true,
    });
    // Its declaration has expired: fusion would not know what it knew.
    if (hit.declared && input.matches.length === 0) continue;
    items.push({
      input,
      probability: hit.probability,
      irregular: hit.irregular === true,
      classes: hit.finding?.classes ?? [],
      weight: weights.get(hit.scanId) ?? 1,
    });
  }
  return items;
}

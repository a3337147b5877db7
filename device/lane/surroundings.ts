import type { HitData } from "../fusion/hit.ts";
import type { FusionInput, FusionSettings } from "../fusion/input.ts";
import { matchDeclarations } from "../fusion/match.ts";
import { qualityThresholds } from "../fusion/quality-thresholds.ts";
import type { Log } from "../log.ts";
import type { Analysis, Scan } from "../scan.ts";
import type { Spool, StoredDeclaration } from "../spool/port.ts";

/** What is known around an item: of its consignee, of scans like it, of its declaration's risk and of the site's work. */
export type Surrounding = Pick<
  FusionInput,
  "splitting" | "similarFound" | "declarationRisk" | "proposedLastHour"
>;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Declarations whose consignee is counted for one score. */
const MAX_COUNTED = 20;
/** Examinations remembered; a site that proposes more in an hour is busy by any measure. */
const MAX_REMEMBERED = 10_000;

/** `clock`: ms since the epoch. */
export interface SurroundingsOptions {
  readonly spool: Pick<Spool, "countByConsignee" | "confirmedAmong">;
  /** Absent: no model judges declarations. `waits`: whether an answer that is still to come is waited for. */
  readonly risk?: { of(stored: StoredDeclaration, waits: boolean): Promise<Risk | null> };
  readonly clock: () => number;
  readonly log: Log;
}

type Risk = NonNullable<FusionInput["declarationRisk"]>;

/** An item whose surroundings are asked for. */
export interface SurroundedItem {
  readonly scan: Scan;
  readonly analysis: Analysis | null;
  readonly matches: readonly StoredDeclaration[];
  readonly settings: FusionSettings;
  /** The scan's first score, which the belt waits for: it takes what is known and waits for no model. */
  readonly first: boolean;
}

/** Gathers what a score takes from beyond the item. Each part that cannot be had is left out: missing is never evidence. */
export class Surroundings {
  readonly #options: SurroundingsOptions;
  /** When examinations were proposed, oldest first. */
  #proposed: number[] = [];

  constructor(options: SurroundingsOptions) {
    this.#options = options;
  }

  async of(item: SurroundedItem): Promise<Surrounding> {
    const [splitting, similarFound, declarationRisk] = await Promise.all([
      this.#optional(() => this.#splitting(item)),
      this.#optional(() => this.#similarFound(item)),
      this.#optional(() => this.#risk(item)),
    ]);
    return {
      ...(splitting === null ? {} : { splitting }),
      ...(similarFound === null ? {} : { similarFound }),
      ...(declarationRisk === null ? {} : { declarationRisk }),
      proposedLastHour: this.#recent().length,
    };
  }

  /** Told of each first hit: what it proposes takes examiners' time. */
  decided({ revision, recommendation }: Pick<HitData, "revision" | "recommendation">): void {
    if (revision !== 1 || (recommendation !== "PHYS_EXAM" && recommendation !== "HOLD")) return;
    this.#proposed = [...this.#recent().slice(-MAX_REMEMBERED + 1), this.#options.clock()];
  }

  #recent(): number[] {
    const from = this.#options.clock() - HOUR_MS;
    return this.#proposed.filter((at) => at > from);
  }

  async #splitting({ matches, settings }: SurroundedItem): Promise<Surrounding["splitting"] | null> {
    const { spool, clock } = this.#options;
    const { splitDays: days } = qualityThresholds(settings.quality);
    const now = clock();
    const counted = matches.slice(0, MAX_COUNTED).flatMap(({ declaration }) => {
      const consignee = declaration.parties?.consignee;
      // An authorised operator receives many consignments by its trade.
      return consignee?.token === undefined || consignee.aeo === true
        ? []
        : [{ aedId: declaration.aedId, token: consignee.token }];
    });
    if (counted.length === 0) return null;
    const entries = counted.map(async ({ aedId, token }) => {
      const consignments = await spool.countByConsignee(token, now - days * DAY_MS, now);
      return [aedId, { consignments, days }] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  async #similarFound({ analysis }: SurroundedItem): Promise<Surrounding["similarFound"] | null> {
    const similar = analysis?.similar ?? [];
    if (similar.length === 0) return null;
    const found = new Set(await this.#options.spool.confirmedAmong(similar.map(({ scanId }) => scanId)));
    return similar
      .filter(({ scanId }) => found.has(scanId))
      .map(({ scanId, similarity }) => ({ scanId, similarity }));
  }

  async #risk({ scan, matches, settings, first }: SurroundedItem): Promise<Risk | null> {
    const [best] = matchDeclarations(scan, matches, settings);
    return best === undefined ? null : ((await this.#options.risk?.of(best.stored, !first)) ?? null);
  }

  async #optional<Value>(ask: () => Promise<Value | null | undefined>): Promise<Value | null> {
    try {
      return (await ask()) ?? null;
    } catch (error) {
      this.#options.log.warn({ err: error }, "a score is made without what is known around its item");
      return null;
    }
  }
}

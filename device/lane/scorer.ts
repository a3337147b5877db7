import type { Cause } from "../../protocols/vocabulary.ts";
import { fuse } from "../fusion/fuse.ts";
import { hitData } from "../fusion/hit.ts";
import type { FusionInput, FusionSettings } from "../fusion/input.ts";
import type { Analysis, Scan } from "../scan.ts";
import type { OutboxRow, ScanState, Spool, StoredScan, UnsealedData } from "../spool/port.ts";
import { KeyedQueue } from "./keyed-queue.ts";

/** How the scans of one lane are scored. */
export interface LaneScoring {
  readonly settings: FusionSettings;
  readonly decideOnSynthetic: boolean;
}

/** What a scorer works with. `clock`: ms since the epoch. */
export interface ScorerOptions {
  readonly spool: Pick<Spool, "scan" | "findDeclarations" | "commitHit" | "saveAnalysis" | "heldFloor">;
  readonly site: string;
  readonly gateway: string;
  readonly lanes: ReadonlyMap<string, LaneScoring>;
  readonly clock: () => number;
  /** Whether the gateway's clock follows a reference, and how far it is off, ms. */
  readonly clockState: () => { readonly synchronised: boolean; readonly offsetMs: number | null };
}

/** Why a scan is scored now, and with what. */
export interface ScoreRequest {
  readonly cause: Cause;
  /** A new analysis; absent: the stored one, if any. */
  readonly analysis?: Analysis;
  /** The state the scan has afterwards. */
  readonly state: ScanState;
}

/** A committed score. */
export interface Scored {
  readonly scan: Scan;
  readonly row: OutboxRow;
  readonly data: UnsealedData;
}

/**
 * Turns a stored scan into a committed hit: looks its declarations up, fuses, commits. One scan is scored by one task at a
 * time, and always from what is stored, so that a late reading, a late analysis and a declaration that come together end in
 * revisions that each see what came before.
 */
export class Scorer {
  readonly #options: ScorerOptions;
  readonly #queue = new KeyedQueue();

  constructor(options: ScorerOptions) {
    this.#options = options;
  }

  /** Scores a scan, or null when the scan or its lane is gone. */
  score(scanId: string, request: ScoreRequest): Promise<Scored | null> {
    return this.#queue.run(scanId, () => this.#score(scanId, request));
  }

  /** A declaration, cancellation or late reading changed what is known: a new revision, if the scan has a first one. */
  rescore(scanId: string, cause: Cause): Promise<Scored | null> {
    return this.#queue.run(scanId, async () => {
      const stored = await this.#options.spool.scan(scanId);
      if (stored === null || stored.revision === 0) return null; // the first score will see it
      return this.#commit(stored, { cause, state: stored.state });
    });
  }

  async #score(scanId: string, request: ScoreRequest): Promise<Scored | null> {
    const stored = await this.#options.spool.scan(scanId);
    return stored === null ? null : this.#commit(stored, request);
  }

  async #commit(stored: StoredScan, request: ScoreRequest): Promise<Scored | null> {
    const { spool, lanes } = this.#options;
    const lane = lanes.get(stored.scan.lane);
    if (lane === undefined) return null;
    const input = await this.#input(stored, request, lane);
    const data = hitData(input, fuse(input));
    // Both are asked for in the same turn, so that the store commits them together: one fsync, and never a hit without
    // the analysis it stands on.
    const saved =
      request.analysis === undefined ? undefined : spool.saveAnalysis(stored.scan.scanId, request.analysis);
    const committed = spool.commitHit({
      scanId: stored.scan.scanId,
      lane: stored.scan.lane,
      revision: input.revision,
      data,
      state: request.state,
    });
    const [, row] = await Promise.all([saved, committed]);
    return { scan: stored.scan, row, data };
  }

  async #input(stored: StoredScan, request: ScoreRequest, lane: LaneScoring): Promise<FusionInput> {
    const { spool, site, gateway, clock, clockState } = this.#options;
    const decidedAt = clock();
    const { scan } = stored;
    const matches =
      scan.identifiers.length === 0 ? [] : await spool.findDeclarations(scan.identifiers, decidedAt);
    const analysedAnew = request.analysis !== undefined;
    const heldFloor = analysedAnew || stored.revision === 0 ? undefined : await spool.heldFloor(scan.scanId);
    return {
      site,
      gateway,
      scan,
      analysis: request.analysis ?? stored.analysis,
      matches,
      settings: lane.settings,
      decideOnSynthetic: lane.decideOnSynthetic,
      clock: { ...clockState(), source: "gateway" },
      decidedAt,
      revision: stored.revision + 1,
      supersedes: stored.lastHitId,
      cause: request.cause,
      ...(heldFloor === undefined ? {} : { heldFloor }),
    };
  }
}

import type { Cause } from "../../protocols/vocabulary.ts";
import { fuse } from "../fusion/fuse.ts";
import { type HitData, hitData } from "../fusion/hit.ts";
import type { FusionInput, FusionSettings } from "../fusion/input.ts";
import type { Log } from "../log.ts";
import type { Analysis, Scan, ScanEmbedding } from "../scan.ts";
import type {
  OutboxRow,
  ScanState,
  Spool,
  StoredDeclaration,
  StoredScan,
  UnsealedData,
} from "../spool/port.ts";
import { type ItemKnowledge, withLate } from "./item.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import type { Surroundings } from "./surroundings.ts";

/** Declarations whose pieces are counted for one score. */
const MAX_COUNTED = 20;
/** Pieces of one consignment pass within this time, ms. */
const PIECES_MS = 30 * 24 * 3.6e6;

/** How the scans of one lane are scored. */
export interface LaneScoring {
  readonly settings: FusionSettings;
  readonly decideOnSynthetic: boolean;
}

/** What a scorer works with. `clock`: ms since the epoch. */
export interface ScorerOptions {
  readonly spool: Pick<
    Spool,
    "scan" | "updateScan" | "findDeclarations" | "countPieces" | "commitHit" | "heldFloor"
  >;
  readonly site: string;
  readonly gateway: string;
  /** As the lane is scored now: a profile may change it between two scans. */
  readonly lanes: Pick<ReadonlyMap<string, LaneScoring>, "get">;
  readonly clock: () => number;
  readonly log: Log;
  /** Told of each scan that was committed with a vector of its own, for the search of similar ones. */
  readonly remember?: (scanId: string, embedding: ScanEmbedding) => void;
  /** What is known around an item; absent: nothing. */
  readonly surroundings?: Pick<Surroundings, "of" | "decided">;
  /** Told of each committed hit. */
  readonly scored?: (data: HitData) => void;
  /** Told of each scan whose first hit matches no declaration. */
  readonly undeclared?: (scan: Scan) => void;
  /** The threat detection report on a hit: its digest stands in the hit. Absent: no reports are made. */
  readonly report?: (data: HitData, scan: Scan) => { readonly sha256: string; readonly bytes: number } | null;
  /** Whether the gateway's clock follows a reference, and how far it is off, ms. */
  readonly clockState: () => { readonly synchronised: boolean; readonly offsetMs: number | null };
}

/** Why a scan is scored now, and with what. */
export interface ScoreRequest {
  /** Why, unless it is the scan's first score, whose cause is `initial`. */
  readonly cause: Cause;
  /** The folder of the acquisition that is scored: one that was replaced meanwhile is scored by whoever took the whole one. */
  readonly directory: string;
  /** What the asker knows the scan by: its declarations are looked up while the scan is read. Absent: afterwards. */
  readonly identifiers?: Scan["identifiers"];
  /** A new analysis; absent: the stored one, if any. */
  readonly analysis?: Analysis;
  /** The state the scan has afterwards. */
  readonly state: ScanState;
}

/** What a score starts from. */
interface Known {
  /** Before anything was looked up, ms since the epoch. */
  readonly decidedAt: number;
  /** The declarations of the scan's identifiers, where they were looked up already. */
  readonly matches?: readonly StoredDeclaration[];
  /** The scan has readings that are not stored yet. */
  readonly updated?: boolean;
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

  /** Scores a scan, or null when the scan or its lane is gone, or its acquisition was replaced. */
  score(scanId: string, request: ScoreRequest): Promise<Scored | null> {
    return this.#queue.run(scanId, async () => {
      const { spool, clock } = this.#options;
      const { directory, identifiers = [] } = request;
      // Before the look: what comes after it is new to this score, whenever it is committed.
      const decidedAt = clock();
      const [stored, matches] = await Promise.all([
        spool.scan(scanId),
        this.#declarationsOf(identifiers, decidedAt),
      ]);
      if (stored === null || stored.scan.directory !== directory) return null;
      const same = JSON.stringify(stored.scan.identifiers) === JSON.stringify(identifiers);
      return this.#commit(stored, request, same ? { decidedAt, matches } : { decidedAt });
    });
  }

  /**
   * A declaration, cancellation or late reading changed what is known: a new revision, unless the scan's score is still to
   * come and will see it. `update`: what a late reading adds; committed together with the revision.
   */
  rescore(scanId: string, cause: Cause, update?: ItemKnowledge): Promise<Scored | null> {
    return this.#queue.run(scanId, async () => {
      const stored = await this.#options.spool.scan(scanId);
      if (stored === null) return null;
      const scan = update === undefined ? stored.scan : withLate(stored.scan, update);
      if (stored.state === "received" || stored.revision === 0) {
        if (update !== undefined) await this.#options.spool.updateScan(scan);
        return null;
      }
      const request = { cause, directory: scan.directory, state: stored.state };
      const updated = update !== undefined;
      return this.#commit({ ...stored, scan }, request, { decidedAt: this.#options.clock(), updated });
    });
  }

  async #commit(stored: StoredScan, request: ScoreRequest, known: Known): Promise<Scored | null> {
    const { spool, lanes } = this.#options;
    const { scan } = stored;
    const lane = lanes.get(scan.lane);
    if (lane === undefined) return null;
    const input = await this.#input(stored, request, lane, known);
    const data = this.#withReport(this.#dataOf(input), scan);
    // A hit is committed with the analysis it stands on. Late readings are asked for in the same turn, so that the store
    // commits them together too: one fsync.
    const { analysis, state } = request;
    const readings = known.updated ? spool.updateScan(scan) : undefined;
    const committed = spool.commitHit({
      scanId: scan.scanId,
      lane: scan.lane,
      revision: input.revision,
      data,
      state,
      ...(analysis === undefined ? {} : { analysis }),
    });
    const [row] = await Promise.all([committed, readings]);
    const { lane: laneId, scanId, revision, cause, decision } = data;
    this.#options.log.info(
      { code: "HIT_COMMITTED", lane: laneId, scanId, revision, cause, decision, sequence: row.sequence },
      "a hit is committed",
    );
    this.#options.scored?.(data);
    if (input.revision === 1 && data.declarations.length === 0 && decides(scan, lane))
      this.#options.undeclared?.(scan);
    this.#options.surroundings?.decided(data);
    if (analysis?.embedding) this.#options.remember?.(scan.scanId, analysis.embedding);
    return { scan, row, data };
  }

  /** A report that cannot be made costs its digest, never the hit. */
  #withReport(data: HitData, scan: Scan): HitData {
    try {
      return { ...data, tdr: this.#options.report?.(data, scan) ?? null };
    } catch (error) {
      this.#options.log.error(
        { err: error, scanId: scan.scanId },
        "no threat detection report could be made",
      );
      return data;
    }
  }

  /**
   * Silence is never an answer: where a score cannot be made of all that is known, one is made of the scan alone, which is
   * UNKNOWN, and the fault is logged.
   */
  #dataOf(input: FusionInput): HitData {
    try {
      return hitData(input, fuse(input));
    } catch (error) {
      this.#options.log.error(
        { err: error, scanId: input.scan.scanId },
        "the score could not be made; the hit says UNKNOWN",
      );
      const bare: FusionInput = { ...input, analysis: null, matches: [] };
      return hitData(bare, fuse(bare));
    }
  }

  async #declarationsOf(
    identifiers: Scan["identifiers"],
    now: number,
  ): Promise<readonly StoredDeclaration[]> {
    return identifiers.length === 0 ? [] : this.#options.spool.findDeclarations(identifiers, now);
  }

  async #input(
    stored: StoredScan,
    request: ScoreRequest,
    lane: LaneScoring,
    { decidedAt, matches: found }: Known,
  ): Promise<FusionInput> {
    const { spool, site, gateway, clockState } = this.#options;
    const { scan } = stored;
    const matches = found ?? (await this.#declarationsOf(scan.identifiers, decidedAt));
    const { settings } = lane;
    const analysis = request.analysis ?? stored.analysis;
    const analysedAnew = request.analysis !== undefined;
    const [piecesSeen, around, heldFloor] = await Promise.all([
      this.#piecesSeen(matches, decidedAt),
      this.#options.surroundings?.of({ scan, analysis, matches, settings, first: stored.revision === 0 }),
      analysedAnew || stored.revision === 0 ? undefined : spool.heldFloor(scan.scanId),
    ]);
    return {
      site,
      gateway,
      scan,
      analysis,
      matches,
      piecesSeen,
      ...around,
      settings,
      decideOnSynthetic: lane.decideOnSynthetic,
      clock: { ...clockState(), source: "gateway" },
      decidedAt,
      revision: stored.revision + 1,
      supersedes: stored.lastHitId,
      cause: stored.revision === 0 ? "initial" : request.cause,
      ...(heldFloor === undefined ? {} : { heldFloor }),
    };
  }

  /** How many pieces of each consignment the site has scanned. */
  async #piecesSeen(
    candidates: readonly StoredDeclaration[],
    now: number,
  ): Promise<Readonly<Record<string, number>>> {
    const counted = candidates.slice(0, MAX_COUNTED).flatMap(({ declaration }) => {
      const { aedId, identifiers = [], consignment } = declaration;
      return consignment === undefined
        ? []
        : [{ aedId, identifiers, packageCount: consignment.packageCount }];
    });
    return counted.length === 0 ? {} : this.#options.spool.countPieces(counted, now - PIECES_MS);
  }
}

/** Whether a scan of this lane is decided at all; nobody is asked about one that is not. */
function decides(scan: Scan, lane: LaneScoring): boolean {
  return lane.decideOnSynthetic || (scan.purpose === "OPERATIONAL" && scan.origin === "MACHINE");
}

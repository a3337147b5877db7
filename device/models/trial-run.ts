import { createHash } from "node:crypto";
import type { AnalysisRequest } from "../inference/port.ts";
import type { InferenceSupervisor } from "../inference/supervisor.ts";
import type { Analysis } from "../scan.ts";
import { Comparison, type Gates, saidBy } from "./comparison.ts";
import type { TrialResults } from "./results.ts";
import type { Candidate } from "./routed-inference.ts";

/** How a candidate goes its way (`models.rollout`). */
export interface Rollout extends Gates {
  /** `automatic`: a candidate that passes goes on by itself; `command`: it stays in shadow until it is activated. */
  readonly promote: "automatic" | "command";
  /** Scans compared in shadow, and in canary. */
  readonly shadowScans: number;
  readonly canaryScans: number;
  /** Share of the scans that a canary decides, 0..1; 0: none, shadow is followed by active. */
  readonly canaryShare: number;
  /** A canary decides the scans of this lane instead. */
  readonly canaryLane?: string | undefined;
  /** Scans after which an active package has proved itself. */
  readonly probationScans: number;
}

/** Compared scans between two notes of the figures on disk. */
const NOTE_EVERY = 25;
/** Compared scans below which scores and times say nothing. */
const LEAST_JUDGED = 100;

export interface TrialRunOptions {
  readonly name: string;
  readonly version: string;
  readonly task: string;
  readonly stage: "shadow" | "canary";
  readonly engine: InferenceSupervisor;
  readonly rollout: Rollout;
  readonly results: TrialResults;
  readonly clock: () => number;
  /** The figures are worth a note. */
  readonly noted: (run: TrialRun) => void;
  /** The stage is over: null, it passed; else why not. Called once. */
  readonly over: (run: TrialRun, reason: string | null) => void;
}

/** One package in shadow or canary: compared, counted, judged. */
export class TrialRun implements Candidate {
  readonly engine: InferenceSupervisor;
  readonly comparison = new Comparison();
  readonly #options: TrialRunOptions;
  #isOver = false;

  constructor(options: TrialRunOptions) {
    this.#options = options;
    this.engine = options.engine;
  }

  get name(): string {
    return this.#options.name;
  }

  get version(): string {
    return this.#options.version;
  }

  get stage(): "shadow" | "canary" {
    return this.#options.stage;
  }

  get looksOn(): boolean {
    return this.#options.stage === "shadow";
  }

  /** By the scan's id alone: a scan that is analysed again goes the same way. */
  decides({ scanId, lane }: AnalysisRequest): boolean {
    const { stage, rollout } = this.#options;
    if (stage !== "canary" || this.#isOver) return false;
    if (rollout.canaryLane !== undefined) return lane === rollout.canaryLane;
    const drawn = createHash("sha256").update(scanId).digest().readUInt32BE() / 2 ** 32;
    return drawn < rollout.canaryShare;
  }

  compared({ scanId }: AnalysisRequest, active: Analysis | null, candidate: Analysis | null): void {
    if (this.#isOver) return;
    const { name, version, task, stage, results, clock, rollout } = this.#options;
    const of = { name, task };
    const [was, is] = [active && saidBy(of, active), candidate && saidBy(of, candidate)];
    let agrees = false;
    if (candidate === null) this.comparison.fail();
    // A scan of a kind that the package does not read says nothing of it.
    else if (was === null || is === null) return;
    else agrees = this.comparison.add(was, is);
    results.add(name, version, {
      at: new Date(clock()).toISOString(),
      scanId,
      stage,
      active: was,
      candidate: is,
      agrees,
    });
    const wanted = stage === "shadow" ? rollout.shadowScans : rollout.canaryScans;
    const { compared } = this.comparison;
    if (candidate === null || compared === wanted) this.end(this.comparison.verdict(rollout));
    else if (compared % NOTE_EVERY === 0) this.#options.noted(this);
  }

  /** What speaks against it until now; null: nothing, or too little was compared to say. */
  objection(): string | null {
    const { failures, compared } = this.comparison.figures();
    if (failures === 0 && compared < LEAST_JUDGED) return null;
    return this.comparison.verdict(this.#options.rollout);
  }

  /** Ends the stage, once. A candidate that waits for its activation goes on being compared. */
  end(reason: string | null): void {
    if (this.#isOver) return;
    this.#isOver =
      reason !== null || this.#options.stage === "canary" || this.#options.rollout.promote === "automatic";
    this.#options.over(this, reason);
  }
}

import type { MassCalibration } from "../image/mass-calibration.ts";
import type { Analysis, Scan, ScanEmbedding } from "../scan.ts";
import type { DeclaredLine, RiskOfDeclaration } from "./declared-lines.ts";

export type { RiskOfDeclaration } from "./declared-lines.ts";

/** What the analysis of a stored scan needs; the child reads the planes from the spool itself. */
export type AnalysisRequest = Pick<
  Scan,
  "scanId" | "directory" | "kind" | "views" | "planes" | "airLevel"
> & {
  /** Absent: of none. */
  readonly lane?: string;
  /** Of the lane's machine; absent: it has none. */
  readonly massCalibration?: MassCalibration | undefined;
};

/** What runs now, for `info`, `health` and `models list`. */
export interface InferenceState {
  readonly state: "starting" | "ready" | "fault";
  readonly code: string | null;
  readonly restarts: number;
  readonly models: readonly {
    readonly name: string;
    readonly version: string;
    readonly sha256: string;
    readonly task: string;
  }[];
  /** Bare `session.run` summed over models, ms; null before the first scan. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly residentBytes: number | null;
}

/** Before the first answer. */
export const STARTING: InferenceState = {
  state: "starting",
  code: null,
  restarts: 0,
  models: [],
  p50: null,
  p95: null,
  residentBytes: null,
};

/** Image analysis as the lane sees it: never throws for a bad image (that is a `problem`), rejects only when stopped. */
export interface Inference {
  start(): Promise<void>;
  /** Analyses are served one at a time in order; a stuck or dead child is replaced and the scan tried once more, then MODEL_FAULT. */
  analyse(request: AnalysisRequest, signal: AbortSignal): Promise<Analysis>;
  /** Puts a scan whose hit is committed into the index of similar scans; best effort, nobody waits. */
  remember(scanId: string, embedding: ScanEmbedding): void;
  readonly state: InferenceState;
  onState(listener: (state: InferenceState) => void): () => void;
  stop(): Promise<void>;
}

/** The scoring of declarations, in the same process as the images' models. */
export interface DeclarationScoring {
  /** Never rejects: null where no model answers. */
  assess(lines: readonly DeclaredLine[]): Promise<RiskOfDeclaration | null>;
}

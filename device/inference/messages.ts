import type { ModelTrust } from "../models/trust.ts";
import type { Analysis, ScanEmbedding } from "../scan.ts";
import type { DeclaredLine, RiskOfDeclaration } from "./declared-lines.ts";
import type { AnalysisRequest } from "./port.ts";

/** A model package that could not be loaded, or whose known-answer test failed on this machine. */
export interface ModelFault {
  readonly model: string;
  /** A stable error code, `LYN_…`. */
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** A model that runs. */
export interface ModelSummary {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly task: string;
}

/** What the child is told to load: package names (null: every package found), in the order the folders are searched. */
export interface ModelSelection {
  readonly names: readonly string[] | null;
  readonly folders: readonly string[];
  /** Name → folder of the package that runs, in place of the one found in `folders`. */
  readonly pinned?: Readonly<Record<string, string>>;
  /** Whose packages are run; absent: anybody's, where a person named the folder. */
  readonly trust?: ModelTrust;
  /** Folder of the index of similar scans; absent: none is kept. */
  readonly similar?: string;
}

/** Gateway to child. JSON only: planes are read from the spool by path. */
export type ToChild =
  | { readonly type: "load"; readonly selection: ModelSelection }
  | { readonly type: "analyse"; readonly id: number; readonly request: AnalysisRequest }
  /** Answered between analyses, before those that wait. */
  | { readonly type: "assess"; readonly id: number; readonly lines: readonly DeclaredLine[] }
  /** Not answered: nobody waits for it. */
  | { readonly type: "remember"; readonly scanId: string; readonly embedding: ScanEmbedding };

/** Child to gateway. */
export type FromChild =
  | {
      readonly type: "ready";
      readonly models: readonly ModelSummary[];
      readonly faults: readonly ModelFault[];
      /** Ms from the start of the process. */
      readonly readyMs: number;
      readonly residentBytes: number;
    }
  | {
      readonly type: "analysed";
      readonly id: number;
      readonly analysis: Analysis;
      readonly residentBytes: number;
    }
  | { readonly type: "assessed"; readonly id: number; readonly result: RiskOfDeclaration | ModelFault };

import type { ReasonCode } from "../../../protocols/vocabulary.ts";

/** One source's word: what it adds to the log-odds and why (`mqtt.md`, Score `evidence`). */
export interface EvidenceRow {
  readonly source:
    | "image"
    | "declaration"
    | "contents"
    | "mass"
    | "xray-mass"
    | "pieces"
    | "radiation"
    | "quality"
    | "documents"
    | "value"
    | "splitting"
    | "similar"
    | "trader"
    | "watch-list"
    | "risk"
    | "central"
    | "clamp";
  readonly code: ReasonCode | "CLAMP";
  /** Natural log of odds, finite; > 0 raises suspicion. */
  readonly logOdds: number;
  /** Plain English with the numbers and their units, ≤ 200 characters. */
  readonly detail: string;
}

/** A share or probability as readers expect it: two significant digits at least, never "0 %" for something. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return "under 0.1 %";
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} %`;
}

/** A calibrated score, 0..1, two decimals. */
export function score(value: number): string {
  return value.toFixed(2);
}

/** A mass with its unit; grams below 1 kg. */
export function mass(kg: number): string {
  return kg < 1 ? `${Math.round(kg * 1000)} g` : `${Number(kg.toFixed(kg < 100 ? 2 : 1))} kg`;
}

/** Where quantiles are kept, as shares: close together at the upper end, where false alarms are decided. */
export const GRID = [
  0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 1,
] as const;

/** Values at the shares of {@link GRID}; empty where nothing was seen. */
export type Quantiles = readonly number[];

/** What the image models give, by what is true of a scan (`measure.ts`). Log-odds are natural. */
export interface ImageTable {
  readonly provenance: {
    readonly benchmark: string;
    readonly scans: number;
    /** `name@version sha256` */
    readonly models: readonly string[];
  };
  /** Shares of the mass above which goods fall into the next bin. */
  readonly shareBins: readonly number[];
  readonly classes: readonly {
    readonly class: string;
    readonly threshold: number;
    /** At which the scores were calibrated. */
    readonly prevalence: number;
    /** Score of a scan in which nothing of the class was found. */
    readonly absent: number;
    /** Log-odds of the best score of the class, by how well it can be seen. */
    readonly logits: Readonly<Record<"none" | "clear" | "partial" | "hidden", Quantiles>>;
  }[];
  /** By bin of the true share; the first: not there. */
  readonly groups: readonly {
    readonly group: string;
    readonly logits: readonly Quantiles[];
    readonly shares: readonly Quantiles[];
  }[];
  /** ln(mass by X-ray / mass). */
  readonly massErrors: Quantiles;
  readonly quality: Quantiles;
  /** Share of the scans with a region that cannot be judged. */
  readonly opaque: number;
  readonly together: { readonly detections: number; readonly contents: number };
}

/** The value at `share` (0..1) of a distribution, linear in between; null where nothing is known of it. */
export function valueAt(quantiles: Quantiles, share: number): number | null {
  if (quantiles.length !== GRID.length) return null;
  const at = Math.max(
    1,
    GRID.findIndex((edge) => edge >= Math.min(1, share)),
  );
  const [from, to] = [GRID[at - 1] as number, GRID[at] as number];
  const [low, high] = [quantiles[at - 1] as number, quantiles[at] as number];
  return low + ((Math.max(0, Math.min(1, share)) - from) / (to - from)) * (high - low);
}

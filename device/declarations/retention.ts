import type { Declaration } from "../../protocols/declaration.ts";

/** Kept for so long where nothing says otherwise, ms (`mqtt.md`, Declaration). */
export const DEFAULT_RETENTION_MS = 30 * 24 * 3_600_000;
/** Longest, whatever a declaration or the configuration says, ms: ten years, as customs law knows them. */
export const MAX_RETENTION_MS = 3653 * 24 * 3_600_000;

/** Space of the store where the site says nothing else, bytes: some forty million declarations. */
export const USUAL_MAX_BYTES = 20e9;

/** How long the site keeps declarations at most, whatever they say themselves, and how many. */
export interface Retention {
  /** By the purpose that a declaration names, ms. */
  readonly purposes: Readonly<Partial<Record<string, number>>>;
  /** For every other purpose, and none, ms. */
  readonly longestMs: number;
  /** Bytes that the store may take; absent: {@link USUAL_MAX_BYTES}. */
  readonly maxBytes?: number;
  /** Bytes of the volume below which the store grows no further; absent: none. */
  readonly minFreeBytes?: number;
}

/** Where the site has no rule of its own. */
export const USUAL_RETENTION: Retention = { purposes: {}, longestMs: MAX_RETENTION_MS };

/**
 * Until when a declaration stored at `at` is kept, both ms since the epoch: as it says itself, else the default; in either case
 * no longer than the site keeps what serves its purpose.
 */
export function retainUntil(
  { privacy }: Pick<Declaration, "privacy">,
  at: number,
  { purposes, longestMs }: Retention = USUAL_RETENTION,
): number {
  const stated = Date.parse(privacy?.retainUntil ?? "");
  const until = Number.isNaN(stated) ? at + DEFAULT_RETENTION_MS : stated;
  const own = privacy?.purpose === undefined ? undefined : purposes[privacy.purpose];
  return Math.min(until, at + Math.min(own ?? longestMs, MAX_RETENTION_MS));
}

import type { Declaration } from "../../protocols/declaration.ts";

/** Kept for so long where nothing says otherwise, ms (`mqtt.md`, Declaration). */
export const DEFAULT_RETENTION_MS = 30 * 24 * 3_600_000;
/** Longest, whatever a declaration or the configuration says, ms: ten years, as customs law knows them. */
export const MAX_RETENTION_MS = 3653 * 24 * 3_600_000;

/** Until when a declaration stored at `at` is kept, both ms since the epoch: as it says itself, else the default. */
export function retainUntil(declaration: Declaration, at: number): number {
  const stated = Date.parse(declaration.privacy?.retainUntil ?? "");
  const until = Number.isNaN(stated) ? at + DEFAULT_RETENTION_MS : stated;
  return Math.min(until, at + MAX_RETENTION_MS);
}

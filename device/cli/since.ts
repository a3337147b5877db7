import { LynceusError } from "../../protocols/errors.ts";
import { parseDuration } from "../config/units.ts";

/**
 * The time that `--since` names: an RFC 3339 time or date, or how long ago, such as `30d` or `24h`. ms since the epoch.
 * @throws LYN_USAGE
 */
export function parseSince(text: string, now: number): number {
  const ago = parseDuration(text);
  if (ago !== null) return now - ago;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new LynceusError("LYN_USAGE", `--since ${text} is no time`, {
    remedy: "Give a time such as 2026-03-05T12:00:00Z or 2026-03-05, or how long ago: 30d, 24h, 90m.",
  });
}

/** How a fleet is divided, and when its rollout stops (groups that cascade, an error threshold: as update managers do it). */
import { LynceusError } from "../../protocols/errors.ts";

/** What became of the update on one gateway. */
export interface GatewayResult {
  readonly gateway: string;
  /** `ok`: it decides with the new package, and nothing was heard against it while it was watched. */
  readonly state: "ok" | "failed";
  /** Why it failed; null where it did not. */
  readonly reason: string | null;
}

/**
 * Divides gateways, in the order of their names, into groups: `1,10%,100%` is one, then up to a tenth of all, then all.
 * @param sizes numbers, or shares of the whole with a `%`; each counts those of the groups before. The last group takes the rest.
 * @throws LynceusError LYN_USAGE
 */
export function groupsOf(gateways: readonly string[], sizes: string): readonly (readonly string[])[] {
  const sorted = [...new Set(gateways)].sort();
  const ends = sizes.split(",").map((size) => endOf(size.trim(), sorted.length));
  const groups: string[][] = [];
  let from = 0;
  for (const end of [...ends, sorted.length]) {
    if (end <= from) continue;
    groups.push(sorted.slice(from, end));
    from = end;
  }
  return groups;
}

function endOf(size: string, all: number): number {
  const [, digits, percent] = /^(\d{1,6})(%?)$/.exec(size) ?? [];
  if (digits === undefined)
    throw new LynceusError("LYN_USAGE", `${size} is no size of a group`, {
      remedy: "Give numbers or shares, for example --groups 1,10%,100%",
    });
  const count = percent === "%" ? Math.ceil((Number(digits) / 100) * all) : Number(digits);
  return Math.min(all, count);
}

/** Whether so many of a group failed that the next must not begin. */
export function isTooMany(results: readonly GatewayResult[], threshold: number): boolean {
  const failed = results.filter(({ state }) => state === "failed").length;
  return failed > threshold * results.length;
}

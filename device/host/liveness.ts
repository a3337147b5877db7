import { isLynceusError } from "../../protocols/errors.ts";
import type { Work } from "../self-description.ts";

/** Something that must move for the gateway to be worth feeding. */
export interface Check {
  readonly name: string;
  /** Rejects or stays silent where it does not move. */
  readonly alive: () => Promise<boolean>;
}

/** What of a running gateway is looked at. */
export interface Vitals {
  /** Resolves when a commit is on the disk. */
  readonly heartbeat: () => Promise<void>;
  /** Scans that are stored and have no hit yet. */
  readonly waiting: () => Promise<number>;
  readonly work: Pick<Work, "scored" | "scoreFailed">;
}

/**
 * Commits reach the disk. A spool that answers that it is full, or that too much waits, is alive: a restart would free nothing.
 */
export function commits({ heartbeat }: Pick<Vitals, "heartbeat">): Check {
  return {
    name: "commit",
    alive: async () => {
      try {
        await heartbeat();
        return true;
      } catch (error) {
        return isLynceusError(error, "LYN_SPOOL_FULL") || isLynceusError(error, "LYN_SPOOL_OVERLOADED");
      }
    },
  };
}

/**
 * Scans that came are scored, with an analysis or without one: each has its first hit within the lane's deadline, so that none
 * for far longer means that a lane is stuck. What waited at the start may be of lanes that are gone, and is not held against it.
 * @param stallMs far beyond the deadline of any lane, ms
 * @param now monotonic, ms
 */
export function scores(
  { work, waiting }: Omit<Vitals, "heartbeat">,
  stallMs: number,
  now: () => number,
): Check {
  let done = work.scored + work.scoreFailed;
  let usual: number | null = null;
  let since: number | null = null;
  return {
    name: "scores",
    alive: async () => {
      const open = await waiting();
      const doneNow = work.scored + work.scoreFailed;
      usual = Math.min(usual ?? open, open);
      if (doneNow !== done || open === usual) since = null;
      else since ??= now();
      done = doneNow;
      return since === null || now() - since < stallMs;
    },
  };
}

import { z } from "zod";
import type { StoredScan } from "../spool/port.ts";
import { readArgs } from "./args.ts";
import { CommandFault, type CommandHandler } from "./command.ts";

export interface RescoreOptions {
  readonly scan: (scanId: string) => Promise<StoredScan | null>;
  /** Scores the scan as it is stored, by the declarations and the profile of now; the revision, null: its score is to come. */
  readonly rescore: (scanId: string) => Promise<{ readonly id: string; readonly revision: number } | null>;
}

const argsSchema = z.object({ scanId: z.uuid() });

/**
 * The command `rescore {scanId}`: scores a stored scan again by what is known now, without a new analysis, and publishes a
 * revision with cause `rescore`. Answers `{scanId, id, revision}`.
 */
export function rescoreCommand({ scan, rescore }: RescoreOptions): CommandHandler {
  return async (args) => {
    const { scanId } = readArgs(argsSchema, args);
    const stored = await scan(scanId);
    if (stored === null) throw new CommandFault("NOT_FOUND", "there is no such scan here");
    const scored = await rescore(scanId);
    if (scored !== null) return { scanId, id: scored.id, revision: scored.revision };
    if (stored.revision === 0)
      throw new CommandFault("BUSY", "the scan's first score is still to come and will see what is known");
    throw new CommandFault("FAILED", "the scan cannot be scored: its lane is not configured any more");
  };
}

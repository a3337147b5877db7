import { z } from "zod";
import { readArgs } from "./args.ts";
import type { CommandHandler } from "./command.ts";

/** What sends rows of the journal again; of a journal that is none of ours it knows no row. */
export interface Resending {
  resend(range: {
    readonly journal: string;
    readonly from: number;
    readonly to: number;
  }): Promise<{ readonly queued: number; readonly gone: number }>;
}

const sequence = z.int().min(1);
const argsSchema = z
  .strictObject({ journal: z.uuid(), from: sequence, to: sequence })
  .refine(({ from, to }) => from <= to, { message: "from is after to", path: ["from"] });

/**
 * The command `resend {journal, from, to}`, both ends included: rows that are still kept go out again, `resent: true`. Answers
 * `{queued, gone}`; `gone`: rows whose data was erased, of which number and hashes remain.
 */
export function resendCommand(spool: Resending): CommandHandler {
  return async (args) => {
    const { queued, gone } = await spool.resend(readArgs(argsSchema, args));
    return { queued, gone };
  };
}

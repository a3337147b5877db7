import { z } from "zod";
import { readArgs } from "./args.ts";
import { CommandFault, type CommandHandler } from "./command.ts";

/** What sends rows of the journal again; null: the journal is none of ours. */
export interface Resending {
  resend(range: {
    readonly journal: string;
    readonly from: number;
    readonly to: number;
  }): Promise<{ readonly queued: number; readonly gone: number } | null>;
}

const sequence = z.int().min(1);
const argsSchema = z
  .object({ journal: z.uuid(), from: sequence, to: sequence })
  .refine(({ from, to }) => from <= to, { message: "from is after to", path: ["from"] });

/**
 * The command `resend {journal, from, to}`, both ends included: rows that are still kept go out again, `resent: true`. Answers
 * `{queued, gone}`; `gone`: rows whose data was erased, of which number and hashes remain.
 */
export function resendCommand(spool: Resending): CommandHandler {
  return async (args) => {
    const answer = await spool.resend(readArgs(argsSchema, args));
    if (answer === null) throw new CommandFault("NOT_FOUND", "this gateway has no such journal");
    return { queued: answer.queued, gone: answer.gone };
  };
}

import { z } from "zod";
import type { Health } from "../../protocols/mqtt/health.ts";
import type { Spool } from "../spool/port.ts";
import { readArgs } from "./args.ts";
import type { CommandHandler, Json } from "./command.ts";

/** Rows and dead letters that an answer lists at most: an event has 64 KiB. */
const ROWS = 50;

const listArgs = z.object({ limit: z.int().min(0).max(ROWS).default(ROWS) });

/** The command `health {}`: the figures of now, as `…/health` has them. */
export function healthCommand(health: () => Promise<Health>): CommandHandler {
  return async () => (await health()) as unknown as Json;
}

/**
 * The command `outbox {limit?}`: `{figures, rows, deadLetters}` as `lynceus outbox --json` prints them, newest first, 50 of each
 * at most. What a dead letter held is not in it.
 */
export function outboxCommand(spool: Pick<Spool, "figures" | "list" | "deadLetters">): CommandHandler {
  return async (args) => {
    const { limit } = readArgs(listArgs, args);
    const [figures, rows, deadLetters] = await Promise.all([
      spool.figures(),
      spool.list(limit),
      spool.deadLetters(limit),
    ]);
    return { figures, rows, deadLetters } as unknown as Json;
  };
}

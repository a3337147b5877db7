import { z } from "zod";
import { readArgs } from "./args.ts";
import { CommandFault, type CommandHandler } from "./command.ts";

/** Lanes that take no new scan. */
export interface PausingLanes {
  readonly lanes: readonly string[];
  /** Durable when it resolves; false: it was so already. */
  set(lane: string, paused: boolean): Promise<boolean>;
}

const argsSchema = z.object({ lane: z.string().min(1).max(32) });

/**
 * The commands `pause {lane}` and `resume {lane}`: a paused lane accepts no new scan, open ones finish, also after a restart.
 * The belt is never moved by either. Answer `{lane, paused, changed}`.
 */
export function pauseCommand(paused: PausingLanes, pause: boolean): CommandHandler {
  return async (args) => {
    const { lane } = readArgs(argsSchema, args);
    if (!paused.lanes.includes(lane)) throw new CommandFault("NOT_FOUND", "there is no such lane here");
    return { lane, paused: pause, changed: await paused.set(lane, pause) };
  };
}

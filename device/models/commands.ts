import { z } from "zod";
import { isLynceusError } from "../../protocols/errors.ts";
import type { CommandName } from "../../protocols/mqtt/command.ts";
import { CommandFault, type CommandHandler } from "../commands/command.ts";
import type { Spool } from "../spool/port.ts";
import type { ModelManager } from "./manager.ts";

const installArgs = z.object({ target: z.string().min(1).max(200) });
const activateArgs = z.object({ name: z.string().min(1).max(64), version: z.string().min(1).max(64) });
const rollbackArgs = z.object({ name: z.string().min(1).max(64) });

/**
 * The commands on models (`mqtt.md`, Command). Whoever calls them has checked the signature. `spool`: an almost full one takes no
 * package.
 */
export function modelCommandsOf(
  manager: Pick<ModelManager, "install" | "activate" | "rollBack">,
  spool: Pick<Spool, "takesBulk">,
): Readonly<Partial<Record<CommandName, CommandHandler>>> {
  return {
    "models.install": async (args, { signal }) => {
      const { target } = checked(installArgs, args);
      if (!spool.takesBulk())
        throw new CommandFault("BUSY", "the spool is almost full: no package is taken until there is room");
      const { name, version, sha256 } = await answered(manager.install(target, signal));
      return { name, version, sha256, state: "verified" };
    },
    "models.activate": async (args) => {
      const { name, version } = checked(activateArgs, args);
      await answered(manager.activate(name, version));
      return { name, version, state: "active" };
    },
    "models.rollback": async (args) => {
      const { name } = checked(rollbackArgs, args);
      return { name, version: await answered(manager.rollBack(name)) };
    },
  };
}

function checked<T>(schema: z.ZodType<T>, args: unknown): T {
  const parsed = schema.safeParse(args);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CommandFault(
    "BAD_REQUEST",
    `/args/${issue?.path.join("/") ?? ""} ${issue?.message ?? "is wrong"}`,
  );
}

async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isLynceusError(error)) throw error;
    const isMissing =
      error.code === "LYN_MODEL_SOURCE" || /is not installed|no package of/.test(error.message);
    throw new CommandFault(isMissing ? "NOT_FOUND" : "FAILED", `${error.code}: ${error.message}`);
  }
}

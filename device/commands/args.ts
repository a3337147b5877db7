import type { z } from "zod";
import { CommandFault } from "./command.ts";

/** A command's `args`, checked; members of a later minor version are dropped. @throws CommandFault `BAD_REQUEST` that names what is wrong. */
export function readArgs<Schema extends z.ZodType>(
  schema: Schema,
  args: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  const parsed = schema.safeParse(args);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CommandFault("BAD_REQUEST", `/args/${issue?.path.join("/") ?? ""} ${issue?.message ?? ""}`);
}

import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Log } from "../log.ts";
import { builtInModels } from "./built-in.ts";
import { InferenceSupervisor } from "./supervisor.ts";

/** One child for all lanes: it loads every package that a lane names, the site's own before those of the project. */
export function inferenceOf(config: Config, log: Log): InferenceSupervisor {
  const names = [...new Set(config.lanes.flatMap((lane) => lane.models))];
  const folders =
    config.models.path === undefined ? [builtInModels()] : [config.models.path, builtInModels()];
  const similar = join(config.spool.path, "similar");
  return new InferenceSupervisor({ models: { names, folders, similar }, log });
}

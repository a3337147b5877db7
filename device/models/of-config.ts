import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { builtInModels } from "../inference/built-in.ts";
import type { ModelSelection } from "../inference/messages.ts";
import { processOf } from "../inference/place.ts";
import { InferenceSupervisor } from "../inference/supervisor.ts";
import type { Log } from "../log.ts";
import { FloorFile } from "./floors.ts";
import { Installer } from "./installer.ts";
import { ModelManager } from "./manager.ts";
import { ModelStore } from "./store.ts";
import { modelTrustOf } from "./trust-of-config.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What the packages of a site are managed with, as configured. */
export interface ModelParts {
  readonly store: ModelStore;
  readonly installer: Installer;
  readonly floors: FloorFile;
  /** Where packages are found that the store does not manage, first first. */
  readonly folders: readonly string[];
}

/** Managed packages lie in `models.path`, beside those that were put there by hand; without it in the spool's folder. */
export function modelPartsOf(config: Config, env: Env, log: Log): ModelParts {
  const folder = config.models.path ?? join(config.spool.path, "models");
  const folders =
    config.models.path === undefined ? [builtInModels()] : [config.models.path, builtInModels()];
  const store = new ModelStore({ folder: join(folder, "managed") });
  const floors = new FloorFile({ path: join(config.spool.path, "model-floors.json") });
  const client = async (sources: readonly string[] = config.models.sources) => {
    // Only who installs pays for loading it.
    const { RepositoryClient } = await import("./source/client.ts");
    const options = { folder: join(folder, "tuf"), root: config.trust.modelsRoot, sources };
    return new RepositoryClient({ ...options, floors, clock: Date.now, log });
  };
  const installer = new Installer({
    store,
    floors,
    folders,
    client,
    trust: () => modelTrustOf(config, env),
    open: processOf(config, env),
    clock: Date.now,
  });
  return { store, installer, floors, folders };
}

/** The models of a gateway: one analysis process for all lanes, which loads every package that a lane names. */
export function modelsOf(config: Config, env: Env, log: Log): ModelManager {
  const { store, installer, floors, folders } = modelPartsOf(config, env, log);
  const names = [...new Set(config.lanes.flatMap((lane) => lane.models))];
  return new ModelManager({
    store,
    installer,
    floors,
    selection: { names, folders, similar: join(config.spool.path, "similar") },
    open: (models: ModelSelection) => new InferenceSupervisor({ models, log, open: processOf(config, env) }),
    trust: () => modelTrustOf(config, env, log),
    rollout: config.models.rollout,
    clock: Date.now,
    log,
  });
}

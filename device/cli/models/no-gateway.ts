import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, parseConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";

/** The configuration taken where none is named. */
const USUAL = "lynceus.yaml";

/** A gateway that trusts nobody: packages that come with the project are known by their digest alone. */
const NOBODY = `schema: lynceus-config/1
gateway: { site: XXSIM, id: none }
broker: { url: "mqtt://127.0.0.1:1883" }
spool: { path: spool }
lanes: [{ id: none, scanner: { driver: folder, path: scans } }]
`;

/**
 * Does what only reads packages with the configuration that is named, or with lynceus.yaml; where there is no gateway here, with
 * one that trusts nobody, in a folder that is gone afterwards.
 */
export async function withConfig<Result>(
  file: string | undefined,
  work: (config: Config) => Promise<Result>,
): Promise<Result> {
  if (file !== undefined || existsSync(USUAL)) return work(await loadConfig(file ?? USUAL));
  const folder = await mkdtemp(join(tmpdir(), "lynceus-models-"));
  try {
    return await work(parseConfig(NOBODY, join(folder, USUAL)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

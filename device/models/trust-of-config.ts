import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { LynceusError } from "../../protocols/errors.ts";
import type { Config } from "../config/schema.ts";
import { builtInModels } from "../inference/built-in.ts";
import type { Log } from "../log.ts";
import { readTrustedKeys } from "../trusted-keys.ts";
import type { ModelTrust } from "./trust.ts";

/** Digests of the packages that come with the project, beside them. */
export const DIGESTS_FILE = "DIGESTS.json";
const digestsSchema = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/));

/** Read anew at each call: a key that was taken out of the configuration's folder counts no more. */
export async function modelTrustOf(
  { trust }: Pick<Config, "trust">,
  env: Readonly<Record<string, string | undefined>>,
  log?: Log,
): Promise<ModelTrust> {
  const { keys, faults } = await readTrustedKeys(trust.models, env);
  for (const error of faults) log?.error({ err: error }, "a key in trust.models cannot be used");
  const digests = await releaseDigests().catch((error: unknown) => {
    log?.error({ err: error }, "the packages of the release cannot be told");
    return {};
  });
  return { keys: keys.map((key) => Buffer.from(key).toString("hex")), digests: Object.values(digests) };
}

/** `NAME-VERSION` → SHA-256 of its `model.json`. @throws LynceusError LYN_MODEL_UNREADABLE */
export async function releaseDigests(): Promise<Readonly<Record<string, string>>> {
  const path = join(builtInModels(), DIGESTS_FILE);
  try {
    return digestsSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new LynceusError("LYN_MODEL_UNREADABLE", `${path} cannot be read: ${(cause as Error).message}`, {
      remedy: "Install the program again: the digests of its own packages come with it.",
      cause,
    });
  }
}
